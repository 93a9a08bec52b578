# The images of manylinux bring Python, but not always a CMake that is new enough.
need_cmake() {
    command -v cmake >/dev/null 2>&1 && return
    /opt/python/cp312-cp312/bin/pip install --quiet 'cmake>=3.20,<4'
    ln -s /opt/python/cp312-cp312/bin/cmake /usr/local/bin/cmake
}

