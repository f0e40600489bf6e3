"""模拟 / The plain pages of the simulators; they say on top what they are."""


def page(title: str, body: str) -> str:
    """A whole page."""
    return f"""<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<style>body{{font:17px/1.7 system-ui,sans-serif;max-width:44rem;margin:0 auto;padding:1rem}}
.sim{{background:#5b2a86;color:#fff;padding:.5rem 1rem}}button,select,textarea{{font:inherit;max-width:100%}}
button{{min-height:2.75rem}}td,th{{text-align:left;padding:.25rem .75rem .25rem 0}}</style></head>
<body><p class="sim">模拟 / SIMULATOR</p><main><h1>{title}</h1>{body}</main></body></html>"""
