"""The rules of `gallery check`: texts and checks, one module per topic. A module that is added here is found."""
