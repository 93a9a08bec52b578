"""All backends of a checkout on one page: images, registration places, hosts, and what a change does to them.

`gather` reads the facts with the functions of the other verbs, `page` renders them as one file of HTML, `svg` draws the
matrix for a README.
"""
