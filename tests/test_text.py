"""Text: what people write is shown as they meant it, and nothing in it harms a reader or breaks a feed."""

import itertools
import re
import time
import unicodedata
from typing import get_args
from xml.etree.ElementTree import Element

import html5lib
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from livefeed.text import (
    Body,
    Format,
    TextRefused,
    check_language,
    check_slug,
    clean,
    clean_line,
    direction_of,
    direction_of_language,
    excerpt,
    free_slug,
    render_body,
    slugify,
    title_of,
)

FORMATS: tuple[Format, ...] = get_args(Format)

# ---------------------------------------------------------------- the audit: another parser, its own list

TAGS = {
    "a", "abbr", "b", "bdi", "bdo", "blockquote", "br", "caption", "cite", "code", "em", "figcaption",
    "figure", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol", "p", "pre", "q", "s", "strong", "sub", "sup",
    "table", "tbody", "td", "th", "thead", "time", "tr", "u", "ul",
}  # fmt: skip
EVERYWHERE = {"dir", "lang"}
OWN = {
    "a": {"href", "hreflang", "rel"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "time": {"datetime"},
}
XHTML = "{http://www.w3.org/1999/xhtml}"


def audit(html: str) -> None:
    """Fail unless `html`, read as browsers do, stays within the list and within its place in the page."""
    page = html5lib.parse(f"<!doctype html><article>{html}</article><footer>end</footer>")
    body = page.find(f"{XHTML}body")
    article, footer = list(body)
    assert (article.tag, footer.tag) == (f"{XHTML}article", f"{XHTML}footer"), html
    assert "".join(footer.itertext()) == "end"
    assert len(list(footer)) == 0
    for element in itertools.islice(article.iter(), 1, None):
        audit_element(element, html)
    for character in html:
        assert legal(character), (hex(ord(character)), html)


def audit_element(element: Element, html: str) -> None:
    assert isinstance(element.tag, str), f"a comment in {html!r}"
    assert element.tag.startswith(XHTML), f"{element.tag} in {html!r}"
    tag = element.tag.removeprefix(XHTML)
    assert tag in TAGS, f"<{tag}> in {html!r}"
    for name, value in element.attrib.items():
        assert name in EVERYWHERE | OWN.get(tag, set()), f"{name} on <{tag}> in {html!r}"
        match name:
            case "dir":
                assert value in {"ltr", "rtl", "auto"}
            case "lang" | "hreflang":
                assert check_language(value) == value
            case "rel":
                assert value == "noopener noreferrer nofollow"
            case "href":
                audit_address(value)
            case "colspan" | "rowspan":
                assert 1 <= int(value) < 100
            case "start":
                assert 0 <= int(value) < 1_000_000
            case "datetime":
                assert re.fullmatch(r"[0-9A-Z:+., -]+", value)
    if tag == "a":
        assert "href" in element.attrib, f"a link to nothing in {html!r}"
        assert element.attrib["rel"]


def audit_address(address: str) -> None:
    scheme, _, rest = address.partition(":")
    assert scheme.lower() in {"http", "https", "mailto", "tel"}, address
    assert not any(character.isspace() or ord(character) < 0x20 for character in address), address
    assert "\\" not in address
    if scheme.lower() in {"http", "https"}:
        assert rest.startswith("//"), address
        host = re.split(r"[/?#]", rest[2:], maxsplit=1)[0]
        assert host, address
        assert "@" not in host, address
        assert "%" not in host, address


def legal(character: str) -> bool:
    code = ord(character)
    return (
        (code >= 0x20 or character in "\n\t")
        and not 0x7F <= code <= 0x9F
        and not 0xD800 <= code <= 0xDFFF
        and not 0xFDD0 <= code <= 0xFDEF
        and code & 0xFFFE != 0xFFFE
        and not 0x202A <= code <= 0x202E
        and code != 0xFEFF
    )


def isolates_balanced(text: str) -> bool:
    for line in text.split("\n"):
        depth = 0
        for character in line:
            depth += {"\u2066": 1, "\u2067": 1, "\u2068": 1, "\u2069": -1}.get(character, 0)
            if depth < 0:
                return False
        if depth:
            return False
    return True


def check_body(body: Body) -> None:
    audit(body.html)
    assert render_body(body.html, "html") == body
    for text in (body.html, body.text):
        assert clean(text) == text
        assert unicodedata.is_normalized("NFC", text)
        assert isolates_balanced(text)
        element = etree.Element("content")
        element.text = text
        assert etree.fromstring(etree.tostring(element)).text == (text or None)


# ---------------------------------------------------------------- attack strings

HTML_ATTACKS = [
    # scripts, written every way
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<ScRiPt>alert(1)</sCrIpT>",
    "<script >alert(1)</script >",
    "<script/x>alert(1)</script>",
    "<script\n>alert(1)</script\n>",
    "<script>alert(1)",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<<script>script>alert(1)<</script>/script>",
    "<script<b>>alert(1)</script>",
    "<scr\x00ipt>alert(1)</script>",
    "<\x00script>alert(1)</script>",
    "<script\x0c>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<p><script>alert(1)</p></script>",
    "<!--><script>alert(1)</script>-->",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "&#x3c;script&#x3e;alert(1)",
    "＜script＞alert(1)＜/script＞",
    # event handlers
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)",
    "<img src=x onerror=alert(1)//",
    "<img/src=x/onerror=alert(1)>",
    "<img\tsrc=x\nonerror\r=\talert(1)>",
    "<img src='x' OnErRoR=alert(1)>",
    "<b onmouseover=alert(1)>x</b>",
    '<b onmouseover="alert(1)"style="x">x</b>',
    "<p onclick=alert(1) dir=rtl>x</p>",
    "<a href=https://a.example onclick=alert(1)>x</a>",
    '<a href="https://a.example"onclick=alert(1)>x</a>',
    "<body onload=alert(1)>x",
    "<html onmouseover=alert(1)>x",
    "<details open ontoggle=alert(1)>x",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<input autofocus onfocus=alert(1)>",
    "<select autofocus onfocus=alert(1)><option>x</select>",
    "<textarea autofocus onfocus=alert(1)>x</textarea>",
    "<p tabindex=0 autofocus onfocus=alert(1)>x</p>",
    "<b on\x00click=alert(1)>x</b>",
    "<b =onclick=alert(1)>x</b>",
    "<b '\"onclick=alert(1)>x</b>",
    "<b `onclick=alert(1)`>x</b>",
    "<b x='>' onclick=alert(1)>x</b>",
    '<b x="<img src=x onerror=alert(1)>">x</b>',
    "<b x='\"'><img title=\"'><img src=x onerror=alert(1)>\">",
    # svg and math
    "<svg onload=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><script>alert&#40;1)</script>",
    "<svg><a xlink:href=javascript:alert(1)><text>x</text></a></svg>",
    "<svg><animate attributeName=href values=javascript:alert(1)></svg>",
    "<svg><foreignObject><b onclick=alert(1)>x</b></foreignObject></svg>",
    "<svg><use href=data:image/svg+xml;base64,PHN2Zz4=#x></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<svg><title><b onclick=alert(1)>x</title></svg>",
    "<svg><desc><table><tr><td><p>x</svg>",
    "<math><mtext></p><img src=x onerror=alert(1)></math>",
    "<math href=javascript:alert(1)>x</math>",
    "<math><mi xlink:href=javascript:alert(1)>x</mi></math>",
    "<math><annotation-xml encoding=text/html><script>alert(1)</script></annotation-xml></math>",
    # mutation: a parser's second reading differs from its first
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<math><mtext><table><mglyph><style><math><a title='</style><img src onerror=alert(1)>'></a></math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<form><p></form><form><p></form></form><img src=x onerror=alert(1)>",
    "<svg><p><style><g title='</style><img src onerror=alert(1)>'></svg>",
    "<svg></br><style><!--</style><img title='--><img src=x onerror=alert(1)>'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<noscript><style></noscript><img src=x onerror=alert(1)></style></noscript>",
    "<textarea><img title='</textarea><img src=x onerror=alert(1)>'></textarea>",
    "<title><img title='</title><img src=x onerror=alert(1)>'></title>",
    "<xmp><img title='</xmp><img src=x onerror=alert(1)>'></xmp>",
    "<noembed><img title='</noembed><img src=x onerror=alert(1)>'></noembed>",
    "<noframes><img title='</noframes><img src=x onerror=alert(1)>'></noframes>",
    "<iframe><img title='</iframe><img src=x onerror=alert(1)>'></iframe>",
    "<template><s><template><s><img src=x onerror=alert(1)></s></template></s></template>",
    "<template><script>alert(1)</script></template>",
    "<plaintext><img src=x onerror=alert(1)>",
    "<listing>&lt;img src=x onerror=alert(1)&gt;</listing>",
    "<select><style></select><img src=x onerror=alert(1)></style>",
    "<select><template><img src=x onerror=alert(1)></template></select>",
    "<table><tr><td><table><caption><b></table><img src=x onerror=alert(1)>",
    "<table><p><a href=javascript:alert(1)><td>x",
    "<table>x<b>y<tr>z<td>w</b>v</table>u",
    "<a href=https://a.example><table><td><a href=https://b.example>x</a></table></a>",
    "<b><p><i></b>x</i>y</p>",
    "<p></b></i></p></p></div><b>",
    "<ul><b><li>x</b><li><i>y</ul>z",
    "<li>a<li>b</li></li></ul></ol>",
    "<h3>a<h4>b</h3>c</h4>",
    "<p><table><p></table></p>",
    "<pre>\n\n\n\n\n\n\n\n\n\n\n\n\nx</pre>",
    "<frameset><frame src=javascript:alert(1)></frameset>",
    "<isindex action=javascript:alert(1) type=image>",
    "<keygen autofocus onfocus=alert(1)>",
    "<b><!--</b>--><i>x",
    "<i a='></i>'>x</i>",
    # addresses
    "<a href=javascript:alert(1)>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href='java\x00script:alert(1)'>x</a>",
    "<a href='java&Tab;script:alert(1)'>x</a>",
    "<a href='java&NewLine;script&colon;alert(1)'>x</a>",
    "<a href='&#106;&#97;vascript:alert(1)'>x</a>",
    "<a href='&#x6A&#x61&#x76&#x61script:alert(1)'>x</a>",
    "<a href='&#0000106avascript:alert(1)'>x</a>",
    "<a href='javascript&#58;alert(1)'>x</a>",
    "<a href='javascript:alert(1)//https://a.example'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=='>x</a>",
    "<a href='DATA:text/html,x'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='v&#98;script:x'>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<a href='blob:https://a.example/1'>x</a>",
    "<a href='view-source:https://a.example'>x</a>",
    "<a href='feed:javascript:alert(1)'>x</a>",
    "<a href='jar:https://a.example!/x'>x</a>",
    "<a href='intent://x#Intent;end'>x</a>",
    "<a href='//evil.example'>x</a>",
    "<a href='\\\\evil.example'>x</a>",
    "<a href='/\\evil.example'>x</a>",
    "<a href='/relative'>x</a>",
    "<a href='relative'>x</a>",
    "<a href='?q'>x</a>",
    "<a href='#top'>x</a>",
    "<a href=''>x</a>",
    "<a href>x</a>",
    "<a>x</a>",
    "<a name=top id=top>x</a>",
    "<a href='https:evil.example'>x</a>",
    "<a href='https:/evil.example'>x</a>",
    "<a href='https:///evil.example'>x</a>",
    "<a href='https:\\\\evil.example'>x</a>",
    "<a href='https://'>x</a>",
    "<a href='https://user@evil.example'>x</a>",
    "<a href='https://bank.example:pw@evil.example/'>x</a>",
    "<a href='https://bank.example&#64;evil.example/'>x</a>",
    "<a href='https://bank.example%40evil.example/'>x</a>",
    "<a href='https://bank.example\\@evil.example/'>x</a>",
    "<a href='https://bank.example&#9;@evil.example/'>x</a>",
    "<a href='https://a.ex&#10;ample/'>x</a>",
    "<a href='https://a.ex&#x200b;ample/'>x</a>",
    "<a href='https://a.example/&#x202e;gpj.exe'>x</a>",
    "<a href='https://a.example/&#x2067;x'>x</a>",
    "<a href='https://a.example/a b'>x</a>",
    "<a href='https://[::1'>x</a>",
    "<a href='https://a.example/\"><script>alert(1)</script>'>x</a>",
    "<a href=\"https://a.example/'onclick='alert(1)\">x</a>",
    "<a href='mailto:a@b.example&#10;bcc:c@d.example'>x</a>",
    "<a href='tel:javascript'>x</a>",
    "<a href=https://a.example href=javascript:alert(1)>x</a>",
    "<a rel=opener target=_blank href=https://a.example>x</a>",
    "<a href=https://a.example ping=https://evil.example download>x</a>",
    "<area href=javascript:alert(1)>",
    "<base href=https://evil.example/>x",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<form action=javascript:alert(1)><button>x</button></form>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<applet code=x></applet>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<blockquote cite=javascript:alert(1)>x</blockquote>",
    "<table background=javascript:alert(1)><td>x</table>",
    # styles, names
    "<style>*{background:url(https://evil.example)}</style>",
    "<style>@import 'https://evil.example'",
    "<p style='position:fixed;inset:0;background:url(javascript:alert(1))'>x</p>",
    "<p style=width:expression(alert(1))>x</p>",
    "<p class=breaking id=live-coverage>x</p>",
    "<font color=red face=x size=7>x</font>",
    "<p slot=x is=live-coverage part=y data-order=1 aria-hidden=true role=alert>x</p>",
    "<live-coverage after=0>x</live-coverage>",
    "<x-y onclick=alert(1)>x</x-y>",
    "<p dir='rtl onclick=x'>x</p><p dir=up>y</p><p lang='<b>'>z</p><p lang=arabic>w</p>",
    "<td colspan=9999999>x</td><table><td colspan=9999999 rowspan=-1>x</table>",
    "<ol start=99999999999><li>x</ol><time datetime='<script>'>x</time>",
    # comments, sections, instructions, doctypes, entities
    "<!-- x --><p>y</p>",
    "<!-- <script>alert(1)</script>",
    "<!--[if IE]><script>alert(1)</script><![endif]-->",
    "<!--!><img src=x onerror=alert(1)>-->",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<!><img src=x onerror=alert(1)>",
    "<!-><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<![CDATA[><img src=x onerror=alert(1)>]]>",
    "<?xml version='1.0'?><p>x</p>",
    "<?xml-stylesheet href='javascript:alert(1)'?>x",
    "<?<script>alert(1)</script>?>",
    "<!DOCTYPE html [<!ENTITY x '<script>'>]>&x;",
    "</ <img src=x onerror=alert(1)>",
    "</><img src=x onerror=alert(1)>",
    "<%<img src=x onerror=alert(1)>%>",
    "<p/><b/>x",
    "<p <b>x",
    "<p",
    "<",
    "</",
    "<!",
    "<!--",
    "<a href='",
    '<a href="https://a.example',
    "a < b > c << d >> e",
    "&amp;lt;script&amp;gt;",
    "&ampersand;&notin;&lt&gt;&#0;&#xD800;&#x110000;&#13;&#7;",
    "&#xFFFE;&#xFDD0;&#x1FFFF;&#x202E;&#x2067;&#xFEFF;&#x85;",
    "<p>&#x338;x</p><b>y</b>&#x301;&#x338;",
    "<p>\u0338x</p>",
    "<p>&#x2067;a</p><p>b&#x2069;</p>",
    "</article></div></body></html><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "{{7*7}}{% raw %}${alert(1)}<%= 1 %>",
]

MARKDOWN_ATTACKS = [
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x]( javascript:alert(1) )",
    "[x](<javascript:alert(1)>)",
    "[x](<java\tscript:alert(1)>)",
    "[x](javascript&colon;alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](java&#x09;script:alert(1))",
    "[x](\\javascript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](data:image/svg+xml;base64,PHN2Zz4=)",
    "[x](data:image/png;base64,iVBORw0KGgo=)",
    "[x](vbscript:msgbox)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example)",
    "[x](/relative)",
    "[x](#fragment)",
    "[x]()",
    "[x](https://user:pw@evil.example/)",
    "[x](https://bank.example%40evil.example/)",
    '[x](https://a.example ""onclick=\'alert(1)\'")',
    "[x](https://a.example 'x\" onclick=\"alert(1)')",
    '[x](https://a.example/"onclick="alert(1))',
    "[x](https://a.example/<script>alert(1)</script>)",
    "[x][r]\n\n[r]: javascript:alert(1)",
    "[x][r]\n\n[r]: https://a.example 'x\" onclick=alert(1) y=\"'",
    "[r]\n\n[r]: <data:text/html,x>",
    "![x](javascript:alert(1))",
    '![x" onerror="alert(1)](https://a.example/x.png)',
    "![<img src=x onerror=alert(1)>](https://a.example/x.png)",
    "![x](https://tracker.example/pixel.gif)",
    "[![x](https://a.example/x.png)](javascript:alert(1))",
    "<javascript:alert(1)>",
    "<data:text/html,x>",
    "<https://user@evil.example>",
    '<https://a.example/"onclick=alert(1)>',
    "<script>alert(1)</script>",
    "a <script>alert(1)</script> b",
    "<img src=x onerror=alert(1)>",
    "<div>\n\n**x** <b onclick=alert(1)>y</b>\n\n</div>",
    "<!-- x --> <?php x ?> <![CDATA[x]]>",
    "```html\n<script>alert(1)</script>\n```",
    '```"onclick="alert(1)\nx\n```',
    "`<script>alert(1)</script>`",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62; &#x202e; &#7; &#xfffe;",
    "# <b onclick=alert(1)>x</b>",
    "| <script> | b |\n|-|:-:|\n| [x](javascript:alert(1)) | y |",
    "> <script>\n> alert(1)\n> </script>",
    "- <svg onload=alert(1)>\n  - [x](javascript:alert(1))",
    "\\<script>alert(1)\\</script>",
    "**<b**onclick=alert(1)>",
    "[a[b](javascript:x)](javascript:y)",
    "999999999. x",
    "x\x00y\ud800z",
]

TEXT_ATTACKS = [
    "https://a.example/<script>alert(1)</script>",
    "https://a.example/\"onclick='alert(1)'",
    "https://user@evil.example/ https://bank.example%40evil.example/",
    "https:// http://) https://a.example\\@evil.example",
    "javascript:alert(1) //evil.example",
    "https://a.example/\u202egpj.exe \u2067https://b.example/\u2069",
]


def test_the_corpus_is_large() -> None:
    assert len(set(HTML_ATTACKS)) >= 150
    assert len(set(MARKDOWN_ATTACKS)) >= 50


@pytest.mark.parametrize("attack", HTML_ATTACKS + MARKDOWN_ATTACKS + TEXT_ATTACKS)
@pytest.mark.parametrize("format", FORMATS)
def test_no_attack_leaves_the_allow_list_in_any_format(attack: str, format: Format) -> None:
    check_body(render_body(attack, format))
    check_body(render_body(f"<b>قبل {attack}</b> بعد", format))


@pytest.mark.parametrize(
    "outside",
    [
        "<img>",
        "<b onclick=x>y</b>",
        "<a>x</a>",
        "<!--x-->",
        "<svg></svg>",
        "</article><p>x</p>",
        "<p>x\u202e</p>",
        "<p class=x>y</p>",
        '<p dir="up">x</p>',
        '<a rel="noopener noreferrer nofollow" href="//x">x</a>',
    ],
)
def test_the_audit_itself_notices_what_is_outside_the_list(outside: str) -> None:
    with pytest.raises((AssertionError, ValueError)):
        audit(outside)


# ---------------------------------------------------------------- addresses that work


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com",
        "http://example.com:8080/a/b?c=d#e",
        "HTTPS://EXAMPLE.COM/",
        "https://السعودية.com/خبر",
        "https://en.wikipedia.org/wiki/Aleppo_(city)",
        "https://example.com/@reporter",
        "https://example.com/?mail=a@b.example",
        "https://[2001:db8::1]/x",
        "https://example.com/%D8%AE",
        "mailto:desk@example.com",
        "tel:+963-11-1234567",
    ],
)
def test_an_honest_link_stays_in_html(address: str) -> None:
    body = render_body(f'<a href="{address}">المصدر</a>', "html")
    assert body.html == f'<a href="{address}" rel="noopener noreferrer nofollow">المصدر</a>'
    assert body.text == "المصدر"
    check_body(body)


def test_a_link_that_loses_its_address_keeps_its_words() -> None:
    assert render_body('قال <a href="javascript:x" dir="rtl">المصدر</a> إن', "html").html == "قال المصدر إن"


def test_a_bare_address_in_plain_text_becomes_a_link_without_the_punctuation_after_it() -> None:
    body = render_body("انظر https://a.example/x?y=1&z=2، ثم (https://b.example/c_(d)).", "text")
    assert '<a href="https://a.example/x?y=1&amp;z=2" dir="ltr"' in body.html
    assert ">https://a.example/x?y=1&amp;z=2</a>، ثم (" in body.html
    assert ">https://b.example/c_(d)</a>)." in body.html
    assert body.text == "انظر https://a.example/x?y=1&z=2، ثم (https://b.example/c_(d))."


# ---------------------------------------------------------------- what honest writers get


def test_plain_text_keeps_its_lines_and_paragraphs_and_shows_markup_as_typed() -> None:
    body = render_body("سطر أول\nسطر <ثان> & آخر\n \n\nفقرة\r\nأخرى", "text")
    assert body.html == "<p>سطر أول<br>سطر &lt;ثان&gt; &amp; آخر</p>\n<p>فقرة<br>أخرى</p>"
    assert body.text == "سطر أول\nسطر <ثان> & آخر\n\nفقرة\nأخرى"


def test_markdown_is_rendered_with_newlines_as_breaks() -> None:
    body = render_body(
        "**عاجل** قال _المصدر_:\n~~خطأ~~ [خريطة](https://m.example/)\n\n> نقل\n\n- أ\n- ب", "markdown"
    )
    assert "<strong>عاجل</strong> قال <em>المصدر</em>:<br>" in body.html
    assert "<s>خطأ</s> <a href=" in body.html
    assert "<blockquote>" in body.html
    assert body.text == "عاجل قال المصدر:\nخطأ خريطة\n\nنقل\n\nأ\nب"


def test_an_indented_line_is_no_code_and_dashes_under_a_line_no_heading() -> None:
    assert render_body("    فقرة بمسافة بادئة", "markdown").html == "<p>فقرة بمسافة بادئة</p>"
    assert render_body("سطر\n---\nآخر", "markdown").html == "<p>سطر</p>\n<hr>\n<p>آخر</p>"


def test_a_markdown_table_is_a_table_and_its_text_has_a_line_for_each_row() -> None:
    body = render_body("| المدينة | العدد |\n|:-|-:|\n| حلب | 3 |\n| حمص | 5 |", "markdown")
    assert "<th>المدينة</th>" in body.html
    assert "style" not in body.html
    assert body.text == "المدينة\tالعدد\nحلب\t3\nحمص\t5"


@pytest.mark.parametrize(
    ("source", "tags"),
    [
        ("# a\n\n## b\n\n### c", ["h3", "h4", "h5"]),
        ("## a\n\n### b", ["h3", "h4"]),
        ("### a\n\n#### b", ["h3", "h4"]),
        ("# a\n\n###### b", ["h3", "h6"]),
    ],
)
def test_headings_start_below_the_updates_own_and_keep_their_order(source: str, tags: list[str]) -> None:
    assert re.findall(r"<(h\d)>", render_body(source, "markdown").html) == tags


def test_a_markdown_picture_leaves_its_description() -> None:
    assert render_body("![خريطة & <حلب>](https://a.example/x.png)", "markdown").text == "خريطة & <حلب>"


def test_raw_html_in_markdown_is_shown_as_typed() -> None:
    assert render_body("a <b>c</b>", "markdown").text == "a <b>c</b>"


def test_boxes_of_a_rich_text_editor_become_paragraphs() -> None:
    body = render_body("<div>أول<br>سطر</div><div><br></div><div>ثان<div>ثالث</div></div>", "html")
    assert body.html == "<p>أول<br>سطر</p><p>ثان</p><p>ثالث</p>"
    assert body.text == "أول\nسطر\n\nثان\n\nثالث"


def test_html_of_the_list_is_kept_as_it_is() -> None:
    html = (
        '<h3>عنوان</h3><p dir="rtl" lang="ar-SY">قال <bdi>AP</bdi>: <q>نعم</q> <em>x</em> H<sub>2</sub>O '
        '<time datetime="2020-11-22T17:15:00+02:00">17:15</time></p>'
        '<blockquote><p>نقل</p></blockquote><ol start="3"><li>أ</li></ol><pre>a\n  b</pre>'
        "<figure><table><caption>ت</caption><thead><tr><th>أ</th></tr></thead>"
        '<tbody><tr><td colspan="2">1</td></tr></tbody></table><figcaption>ش</figcaption></figure><hr>'
    )
    assert render_body(html, "html").html == html


def test_languages_are_written_the_usual_way_and_wrong_ones_dropped() -> None:
    assert (
        render_body("<p lang=AR-sy>x</p><p lang=arabic>y</p>", "html").html == '<p lang="ar-SY">x</p><p>y</p>'
    )


def test_malformed_tags_are_shown_and_not_lost() -> None:
    assert render_body("2 < 3 و<اسم> 5 > 4 <b", "html").text == "2 < 3 و<اسم> 5 > 4 <b"


def test_entities_are_characters_in_the_plain_text_once_only() -> None:
    body = render_body("<p>AT&amp;T &amp;lt;b&amp;gt; &nbsp;&copy;</p>", "html")
    assert body.text == "AT&T &lt;b&gt; \xa0©"
    assert "&nbsp;" not in body.html


def test_characters_written_as_entities_are_cleaned_too() -> None:
    body = render_body("<p>a&#7;b&#xFFFE;c&#x202E;d&#x2067;e&#x200C;f</p>", "html")
    assert body.html == "<p>abcde\u200cf</p>"


def test_an_isolate_is_closed_within_its_block() -> None:
    body = render_body("<p>&#x2067;a</p><p>b&#x2069; &#x2068;<i>c</i>&#x2069;</p>", "html")
    assert body.html == "<p>a</p><p>b \u2068<i>c</i>\u2069</p>"


def test_verbatim_text_stays_verbatim_after_any_number_of_newlines() -> None:
    assert render_body("<pre>" + "\n" * 40 + "a\n\n  b</pre>", "html").html == "<pre>a\n\n  b</pre>"


def test_a_mark_after_a_tag_does_not_eat_the_tag() -> None:
    assert render_body("<p>&#x338;x<b>y</b>&#x301;&#x338;</p>", "html").html == "<p>x<b>y</b>\u0301</p>"


def test_markup_that_does_not_settle_keeps_its_words_alone() -> None:
    body = render_body("<a><table><tr><td>&#x338;كلمة &lt;</a>" * 20, "html")
    assert set(re.findall("<[^>]*>", body.html)) == {"<p>", "<br>", "</p>"}
    assert body.text.count("كلمة <") == 20
    check_body(body)


def test_nothing_gives_nothing() -> None:
    for format in FORMATS:
        for source in ("", " \n\t", "\x00\ud800", "\u202e"):
            assert render_body(source, format) == Body("", "")


# ---------------------------------------------------------------- limits


def test_a_hundred_tags_inside_one_another_pass_and_one_more_is_refused() -> None:
    assert render_body("<b>" * 100 + "x", "html").text == "x"
    with pytest.raises(TextRefused, match=r"101 tags inside one another; the limit is 100\."):
        render_body("<b>" * 101 + "x", "html")


def test_many_blocks_inside_many_tags_are_refused() -> None:
    with pytest.raises(TextRefused, match=r"the limit is 100000\."):
        render_body("<b>" * 90 + "<p>x</p>" * 5000, "html")


def test_too_many_brackets_are_refused() -> None:
    with pytest.raises(TextRefused, match=r"2001 opening brackets; the limit is 2000\."):
        render_body("[" * 2001, "markdown")


@pytest.mark.parametrize("source", [">" * 200 + " x", "\n".join("  " * n + "- x" for n in range(120))])
def test_markdown_nested_too_deeply_is_refused_and_not_cut(source: str) -> None:
    with pytest.raises(TextRefused, match=r"the limit is (99|100)\."):
        render_body(source, "markdown")


def test_markdown_nested_to_the_limit_loses_nothing() -> None:
    for depth in range(1, 130):
        try:
            body = render_body(">" * depth + " كلمة", "markdown")
        except TextRefused:
            assert depth > 90
        else:
            assert body.text == "كلمة"


FLOODS = [
    "<b>", "<p><b>", "<a href='", '<a b="', "<a ", "<a/", "<", "</", "<!", "<!--", "<?", "<script>",
    "<svg>", "<textarea>", "<table>", "<table><tr><td>", "<b></b>", "<p>x", "<br>", "<li>", "<ul><li>",
    "<div>", "<b><p></b>", "<a href=https://a.example>", "&", "&lt;", "<i a='>'", "<b x=1><i x=2>",
    "<p><br>", "<pre>\n", "<p>&#x338;", "<b><!--</b>-->", "<b><table><td></b></table>", "[", "![", "[](",
    "[a](", "*", "*a ", "a**b ", "*_", "`", "> ", ">", "- ", "- a\n", "1. ", "|", "|a|\n", "|-|\n", "~~a ",
    "\\", "#", "```\n", "https://", "https://a)))", "\u0301", "\u0327\u0301", "\u0301\u200d", "\u200d",
    "\u2067", "\u2067\n", "\u2069", "\U0001f1e6", " ", " \n",
]  # fmt: skip


@pytest.mark.parametrize("flood", FLOODS)
def test_cost_grows_with_the_length_and_not_its_square(flood: str) -> None:
    def cost(length: int) -> float:
        source = (flood * length)[:length]
        started = time.process_time()
        for format in FORMATS:
            try:
                render_body(source, format)
            except TextRefused:
                continue
        clean_line(source)
        excerpt(source)
        slugify(source)
        return time.process_time() - started

    small, large = cost(2_500), cost(40_000)
    # Sixteen times the length is 16 times the work if it is linear, 256 times if it is quadratic.
    assert large < max(1.0, small * 60)


# ---------------------------------------------------------------- every string there is

SURROGATES = st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF, categories=["Cs"])
SPECIAL = st.sampled_from(
    "\x00\x07\x0b\r\n\t\x1f\x7f\x85\x9f\u00a0\u00ad\u0301\u0338\u0327\u064e\u0651\u061c\u200b\u200c\u200d\u200e"
    "\u200f\u2028\u2029\u202a\u202e\u2066\u2067\u2068\u2069\ufdd0\ufeff\ufffe\uffff\U0001fffe\u0f71\u0344\u1100"
    "\u1161\u11a8<>&\"'`=[]()*_~|#-+.!\\/:;@ابـ"
)
ANY_TEXT = st.text(st.one_of(st.characters(), SURROGATES, SPECIAL), max_size=60)
PIECES = st.sampled_from([
    "<b>", "</b>", "<i>", "</i>", "<p>", "</p>", "<a>", "</a>", "<li>", "<ul>", "</ul>", "<ol>", "<table>",
    "</table>", "<tr>", "<td>", "</td>", "<th>", "<caption>", "<tbody>", "<pre>", "</pre>", "<h1>", "<h3>",
    "</h3>", "<hr>", "<br>", "<div>", "</div>", "<blockquote>", "<figure>", "<svg>", "</svg>", "<math>",
    "<style>", "</style>", "<!--", "-->", "<template>", "<textarea>", "<bdo>", "<q>", "<u>", "x", "&lt;",
    "&#x338;", "&#x202e;", "&#x2067;", "&#x2069;", "&nbsp;", "&#10;", "&amp;", "<", ">",
    '<a href="https://a.example/">', '<p dir="rtl">', " ", "\n", "\n\n", "> ", "- ", "1. ", "**", "_", "`",
    "|-|", "[x](", ")", "\u0338", "\u0301" * 9, "\u2067", "\u2069", "https://a.example/",
])  # fmt: skip
MARKUP = st.lists(st.one_of(PIECES, ANY_TEXT.map(lambda text: text[:4])), max_size=30).map("".join)


@given(ANY_TEXT)
@settings(max_examples=400, deadline=None)
def test_clean_text_is_legal_composed_balanced_and_cleaned_once_for_all(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert all(map(legal, cleaned))
    assert unicodedata.is_normalized("NFC", cleaned)
    assert isolates_balanced(cleaned)
    line = clean_line(text)
    assert clean_line(line) == clean(line) == line == line.strip()
    assert "\n" not in line
    assert "  " not in line


@given(ANY_TEXT | MARKUP, st.sampled_from(FORMATS))
@settings(max_examples=600, deadline=None)
def test_any_string_at_all_becomes_a_safe_body_that_stays_the_same(source: str, format: Format) -> None:
    try:
        body = render_body(source, format)
    except TextRefused:
        return
    check_body(body)


@given(MARKUP)
@settings(max_examples=600, deadline=None)
def test_any_markup_settles(source: str) -> None:
    try:
        body = render_body(source, "html")
    except TextRefused:
        return
    check_body(body)


@given(ANY_TEXT)
@settings(max_examples=300, deadline=None)
def test_any_headline_gives_a_good_slug_excerpt_and_direction(text: str) -> None:
    assert check_slug(slugify(text)) == slugify(text)
    assert len(excerpt(text, 20)) <= 20
    assert clean_line(excerpt(text, 20)) == excerpt(text, 20)
    assert direction_of(text) in {"rtl", "ltr", None}
    assert direction_of_language(text) in {"rtl", "ltr"}
    for check in (check_slug, check_language):
        try:
            checked = check(text)
        except TextRefused as refusal:
            sentence = str(refusal)
        else:
            sentence = checked
            assert check(checked) == checked
        assert sentence.isprintable()


# ---------------------------------------------------------------- characters


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("a\tb", "a\tb"),
        ("a\x00\x07\x0b\x0c\x1b\x7f\x85\x9fb", "ab"),
        ("a\ud800b\udfff", "ab"),
        ("\ufeffa\ufffe\uffff\ufdd0\U0001fffe\U0010ffffb", "ab"),
        ("a\u2028b\u2029c", "a\nb\nc"),
        ("e\u0301", "é"),
        ("ا\u0654", "أ"),
        ("\u202eabc\u202c \u202ax\u202c", "abc x"),
        (
            "می\u200cخواهم \u200dه\u200d \u200e1\u200f \u061c2",
            "می\u200cخواهم \u200dه\u200d \u200e1\u200f \u061c2",
        ),
        ("\u2068AP\u2069: \u2067نعم \u2066x\u2069\u2069", "\u2068AP\u2069: \u2067نعم \u2066x\u2069\u2069"),
        ("\u2067مفتوح", "مفتوح"),
        ("مغلق\u2069", "مغلق"),
        ("\u2067a\nb\u2069", "a\nb"),
        ("\u2069a\u2067b\u2069c\u2068", "a\u2067b\u2069c"),
        ("e\u2067\u0301", "é"),
        ("بِسْمِ اللَّهِ", unicodedata.normalize("NFC", "بِسْمِ اللَّهِ")),
        ("👨‍👩‍👧 🏴\U000e0067\U000e007f", "👨‍👩‍👧 🏴\U000e0067\U000e007f"),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_a_flood_of_marks_is_cut_to_eight_also_when_joiners_hide_it() -> None:
    assert clean("x" + "\u0348" * 500 + "y") == "x" + "\u0348" * 8 + "y"
    assert clean("x" + "\u0348\u200d" * 500 + "y").count("\u0348") == 8
    # U+0344 is two marks once normalised.
    assert clean("ب" + "\u0344" * 8) == "ب" + "\u0308\u0301" * 4


def test_a_line_has_single_spaces() -> None:
    assert clean_line(" أ\n\n\tب\u00a0\u2009ج\u2028د\u3000 ") == "أ ب ج د"


# ---------------------------------------------------------------- languages and directions


@pytest.mark.parametrize(
    "language",
    ["ar", "ar-SY", "AR_sy", "fa", "ur", "he", "iw", "ckb", "ps", "sd", "ug", "yi", "dv", "arc", "syr", "ks",
     "pa-Arab", "az-Arab-IR", "ku-Arab", "man-Nkoo"],
)  # fmt: skip
def test_languages_written_from_the_right(language: str) -> None:
    assert direction_of_language(language) == "rtl"


@pytest.mark.parametrize(
    "language",
    ["en", "tr", "ku", "ku-Latn", "ar-Latn", "ru", "zh-Hant", "pa", "uz-Cyrl", "sd-Deva", "", "???"],
)
def test_languages_written_from_the_left(language: str) -> None:
    assert direction_of_language(language) == "ltr"


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("عاجل", "rtl"),
        ("שלום", "rtl"),
        ("Aleppo حلب", "ltr"),
        ("2-1: ليفربول", "rtl"),
        ("«عاجل» AP", "rtl"),
        ("#SOL الشمس", "ltr"),
        ("\u200f#SOL", "rtl"),
        ("2-1 (!)", None),
        ("", None),
    ],
)
def test_the_first_strong_character_gives_the_direction(text: str, direction: str | None) -> None:
    assert direction_of(text) == direction


@pytest.mark.parametrize(
    ("tag", "usual"),
    [
        ("ar", "ar"),
        ("AR-sy", "ar-SY"),
        ("KU-latn-tr", "ku-Latn-TR"),
        ("es-419", "es-419"),
        ("ckb", "ckb"),
        ("de-ch-1996", "de-CH-1996"),
        ("sl-ROZAJ-biske", "sl-rozaj-biske"),
        ("zh-cmn-hans-cn", "zh-cmn-Hans-CN"),
        ("ar-u-NU-latn", "ar-u-nu-latn"),
        ("en-x-Desk", "en-x-desk"),
    ],
)
def test_a_language_tag_gets_its_usual_case(tag: str, usual: str) -> None:
    assert check_language(tag) == usual
    assert check_language(usual) == usual


@pytest.mark.parametrize(
    "tag",
    [
        "",
        "x",
        "arabic",
        "ar_SY",
        "ar-",
        "-ar",
        "ar--SY",
        "ar SY",
        "ar-SY\n",
        "عر",
        "a1",
        "ar-u",
        "x-desk",
        "ſa",
    ],
)
def test_what_is_no_language_tag_is_refused_with_the_value_in_the_sentence(tag: str) -> None:
    with pytest.raises(TextRefused, match=re.escape(repr(tag))):
        check_language(tag)


def test_a_language_tag_of_more_than_35_characters_is_refused() -> None:
    with pytest.raises(TextRefused, match="35"):
        check_language("ar" + "-abcdefgh" * 4)


# ---------------------------------------------------------------- excerpts


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("", 100, ""),
        ("عاجل", 100, "عاجل"),
        ("انفجار في مدينة حلب. وأنباء عن جرحى.", 100, "انفجار في مدينة حلب."),
        ("هل انتهت الحرب في المدينة؟ لا أحد يعرف.", 100, "هل انتهت الحرب في المدينة؟"),
        ("Dr. Smith left the city. He was tired.", 100, "Dr. Smith left the city."),
        ("A line without a stop\n\nand more", 100, "A line without a stop"),
        ("عاجل\nانفجار في مدينة حلب. آخر", 100, "عاجل انفجار في مدينة حلب."),
        ("one two three four five", 12, "one two…"),
        ("one, two, three", 9, "one…"),
        ("ا" * 50, 10, "ا" * 9 + "…"),
        ("xe\u0348\u0348\u0348\u0348yz", 4, "x…"),
        ("ab👨‍👩‍👧cd", 5, "ab…"),
        ("a🇸🇾🇸🇾b", 3, "a…"),
        ("\u2067نص طويل جدا\u2069 آخر", 8, "نص…"),
        ("abc", 1, "…"),
    ],
)
def test_excerpt(text: str, limit: int, expected: str) -> None:
    assert excerpt(text, limit) == expected


def test_a_title_is_the_headline_or_else_an_excerpt() -> None:
    assert title_of(" عنوان\n قصير ", "نص") == "عنوان قصير"
    assert title_of(" \u202e", "انفجار في مدينة حلب. وأنباء") == "انفجار في مدينة حلب."
    assert title_of("", "one two three", 8) == "one two…"


# ---------------------------------------------------------------- slugs


@pytest.mark.parametrize(
    "slug", ["a", "7", "aleppo-2020", "معركة-حلب", "حلب-٢٠٢٠", "नमस्ते", "київ", "東京", "é", "a" * 80]
)
def test_a_good_slug_is_returned_as_it_is(slug: str) -> None:
    assert check_slug(slug) == slug


@pytest.mark.parametrize(
    ("slug", "says"),
    [
        ("people", "page of the desk"),
        ("", "0 characters"),
        ("a" * 81, "81 characters"),
        ("-a", "hyphens"),
        ("a-", "hyphens"),
        ("a--b", "hyphens"),
        ("Aleppo", "U+0041"),
        ("a b", "U+0020"),
        ("a.b", "U+002E"),
        ("../etc", "U+002E"),
        ("a/b", "U+002F"),
        ("a_b", "U+005F"),
        ("a%2fb", "U+0025"),
        ("a\u200bb", "U+200B"),
        ("a\u202eb", "U+202E"),
        ("می\u200cخ", "U+200C"),
        ("a\ufe0fb", "U+FE0F"),
        ("a\u3164b", "U+3164"),
        ("a\n", "U+000A"),
        ("a\ud800", "U+D800"),
        ("ǅ", "U+01C5"),
        ("\u0301a", "combining mark"),
        ("a-\u064eb", "combining mark"),
        ("e\u0301", "NFC"),
        ("x" + "\u0348" * 20, "NFC"),
    ],
)
def test_a_bad_slug_is_refused_with_its_fault(slug: str, says: str) -> None:
    with pytest.raises(TextRefused) as refusal:
        check_slug(slug)
    assert says in str(refusal.value)
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize(
    ("headline", "slug"),
    [
        ("People!", "people-coverage"),
        ("معركة حلب: اليوم الثالث", "معركة-حلب-اليوم-الثالث"),
        ("مُـعَـــرَكةُ حَلَب", "معركة-حلب"),
        ("الآن أخبار مؤتمر", "الآن-أخبار-مؤتمر"),
        ("ﺣﻠﺐ", "حلب"),
        ("Iran’s Vote — 2020!", "irans-vote-2020"),
        ("Łódź & Kraków", "łódź-kraków"),
        ("  ../../etc/passwd  ", "etc-passwd"),
        ("می‌خواهم", "می-خواهم"),
        ("नमस्ते दुनिया", "नमस्ते-दुनिया"),
        ("İstanbul", "i̇stanbul"),
        ("!!!", "coverage"),
        ("", "coverage"),
        ("🎉", "coverage"),
        ("a" * 200, "a" * 80),
        ("كلمة " * 40, "-".join(["كلمة"] * 16)),
    ],
)
def test_slugify(headline: str, slug: str) -> None:
    assert slugify(headline) == slug
    assert check_slug(slug) == slug


@given(st.text(max_size=200), st.integers(0, 12))
@example("a" * 200, 12)
@example("كلمة " * 40, 1)
@example("عاجل", 0)
def test_a_proposed_slug_is_good_and_not_taken(headline: str, times: int) -> None:
    taken: set[str] = set()
    for _ in range(times):
        proposed = free_slug(headline, taken)
        assert check_slug(proposed) == proposed
        assert proposed not in taken
        taken.add(proposed)
    assert free_slug(headline, ()) == slugify(headline)


def test_of_equal_headlines_the_later_ones_are_counted() -> None:
    assert free_slug("معركة حلب", {"معركة-حلب"}) == "معركة-حلب-2"
    assert free_slug("معركة حلب", {"معركة-حلب", "معركة-حلب-2"}) == "معركة-حلب-3"
    assert free_slug(f"{'a' * 77} b", {f"{'a' * 77}-b"}) == f"{'a' * 77}-2"
