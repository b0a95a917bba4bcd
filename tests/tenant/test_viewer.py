"""The viewer, as a person uses it."""

import httpx

from local.tenant.core import Tenant
from tests.tenant.test_graph_mail import BASE, CLIENT, DESK, listing, message, receive
from tests.tenant.test_graph_notifications import CHANNEL, card_message


async def page(http: httpx.AsyncClient, path: str) -> str:
    answer = await http.get(path, follow_redirects=True)
    assert answer.status_code == 200, answer.text[:500]
    assert "http://" not in answer.text.replace(str(http.base_url), ""), "no outside addresses"
    return answer.text


async def test_mailboxes_show_who_has_unread_mail(http: httpx.AsyncClient) -> None:
    await receive(http)
    text = await page(http, "/")
    assert DESK in text
    assert "1 unread" in text
    assert "Holly Meyer" in text


async def test_a_client_writes_and_answers_and_the_thread_holds(
    http: httpx.AsyncClient,
) -> None:
    letter = {"from": CLIENT, "to": DESK, "subject": "Help", "text": "Please\nhelp", "reply": ""}
    await http.post("/compose", data=letter)
    (found,) = await listing(http, DESK)
    assert found["body"]["content"].splitlines() == ["Please", "help"]
    reply = {"message": message(subject="RE: Help", conversationId="x")}
    reply["message"]["singleValueExtendedProperties"] = [
        {"id": "String 0x1042", "value": found["internetMessageId"]},
        {"id": "String 0x1039", "value": found["internetMessageId"]},
    ]
    await http.post(f"{BASE}/sendMail", json=reply)
    (answer, _) = await listing(http, CLIENT, **{"$filter": "conversationId ne ''"})
    shown = await page(http, f"/mail/{CLIENT}?c=" + answer["conversationId"].replace("+", "%2B"))
    assert shown.count('<article class="message">') == 2
    boxes = http.cookies  # no session is needed to write as anybody
    assert not boxes
    uid = shown.split("reply=")[-1].split("&")[0].split('"')[0]
    form = await page(http, f"/compose?from={CLIENT}&reply={uid}")
    assert "Re: Help" in form or "RE: Help" in form
    again = {"from": CLIENT, "to": DESK, "subject": "Re: Help", "text": "Thanks", "reply": uid}
    await http.post("/compose", data=again)
    last = (await listing(http, DESK))[0]
    properties = (
        await http.get(
            f"{BASE}/messages",
            params={
                "$filter": f"internetMessageId eq '{last['internetMessageId']}'",
                "$expand": "singleValueExtendedProperties($filter=id eq 'String 0x1039')",
            },
        )
    ).json()["value"][0]["singleValueExtendedProperties"]
    assert found["internetMessageId"] in properties[0]["value"]


async def test_foreign_html_is_shown_without_scripts_or_outside_content(
    http: httpx.AsyncClient,
) -> None:
    await receive(http, Content_Type="text/html", Message_ID="<h@x.y>")
    (found,) = await listing(http, DESK)
    shown = await page(http, f"/mail/{DESK}?c=" + found["conversationId"].replace("+", "%2B"))
    source = shown.split('src="/mail/')[1].split('"')[0]
    answer = await http.get(f"/mail/{source}")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy + shown


async def test_a_mail_without_recipient_is_explained_and_kept_in_the_form(
    http: httpx.AsyncClient,
) -> None:
    answer = await http.post("/compose", data={"from": CLIENT, "to": "", "text": "My words"})
    assert "at least one recipient" in answer.text
    assert "My words" in answer.text


async def test_attachments_of_the_compose_form_arrive(http: httpx.AsyncClient) -> None:
    await http.post(
        "/compose",
        data={"from": CLIENT, "to": DESK, "subject": "File", "text": "see"},
        files={"files": ("né.txt", b"content", "text/plain")},
    )
    (found,) = await listing(http, DESK, **{"$expand": "attachments"})
    assert found["hasAttachments"] is True
    assert found["attachments"][0]["name"] == "né.txt"


async def test_teams_shows_threads_and_takes_answers(
    http: httpx.AsyncClient, tenant: Tenant
) -> None:
    posted = (await http.post(f"{CHANNEL}/messages", json=card_message())).json()
    form = {
        "team": "team-1",
        "channel": "19:general@thread.tacv2",
        "message": posted["id"],
        "from": "sam@desk.example",
        "text": "<b>mine</b>",
    }
    text = (await http.post("/teams", data=form, follow_redirects=True)).text
    assert "data-card=" in text
    assert "&lt;b&gt;mine" in text
    assert "Sam Okafor" in text


async def test_calls_and_clock_pages_do_what_their_buttons_say(
    http: httpx.AsyncClient, tenant: Tenant
) -> None:
    await http.post("/calls/faults", data={"service": "graph", "path": "*", "status": "500"})
    assert (await http.get(f"{BASE}/messages")).status_code == 500
    assert "fault" in await page(http, "/calls?bad=1")
    await http.post("/clock", data={"advance": "monday"})
    assert (tenant.now().weekday(), tenant.now().hour) == (0, 9)
    assert "09:00" in await page(http, "/clock")


async def test_the_cards_script_is_served_from_here(http: httpx.AsyncClient) -> None:
    answer = await http.get("/static/adaptivecards.min.js")
    assert "AdaptiveCards" in answer.text
