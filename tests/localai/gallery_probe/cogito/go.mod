module github.com/mudler/cogito

go 1.26.0
