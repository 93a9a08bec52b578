"""GNU makefiles, read as GNU make reads them; the tests compare with GNU make itself."""
