"""The HTTP server: readers by API and on a page, pages of releases, requests for removal. It decides nothing itself.

`app` puts one application together out of the routers in `faces`; `state` is what their handlers work with; `pages` and
`charts` draw; `edge` and `problems` are shared by all.
"""
