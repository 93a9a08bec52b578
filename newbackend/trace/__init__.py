"""What CI does with one row of the build matrix, from the change that starts it to the hosts that install the image.

Everything is read: no command of the checkout runs. `machine` is the imagined build machine, `make/` reads Makefiles,
`shell/` scripts, `docker/` Dockerfiles and `ci/` workflows. What only the real machine knows stays open (`opentext`).
"""
