import time, pytest
from tests.browser import accessibility
from tests.browser.test_every_page import LOOKS, scene
from tests.browser.conftest import browser, arrive
def test_t(arrive, scene):
    for look in ("ticket","board","portal","flows of door","changes of the author"):
        shown=LOOKS[look]; v=arrive(shown.who); t0=time.time(); v.page.goto(shown.where(scene)); t1=time.time()
        v.page.evaluate(accessibility.AXE); v.page.evaluate(accessibility._OPEN); t2=time.time()
        ts=[]
        for opt in ("{resultTypes:['violations']}","{resultTypes:['violations']}","{resultTypes:['violations'],runOnly:['color-contrast']}","{resultTypes:['violations'],runOnly:['wcag2a','wcag2aa','wcag21aa','wcag22aa']}", "{resultTypes:['violations'],rules:{'color-contrast':{enabled:false}}}"):
            a=time.time(); v.page.evaluate(f"axe.run(document,{opt}).then(f=>f.violations)"); ts.append(round(time.time()-a,2))
        print(look, round(t1-t0,2), round(t2-t1,2), ts, v.page.evaluate("document.querySelectorAll('*').length"))
