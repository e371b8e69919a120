"""HTML pages for guests: each page family is a folder with its routes, templates and static files.

A link's token travels in a form or in a cookie for one booking's pages, never in an address of ours. Every page works
without scripts.
"""
