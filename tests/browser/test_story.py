"""The story of a production support request, as its people see it in their browsers."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser import story
from tests.browser.cast import HOLLY, MARIA, SAM
from tests.browser.conftest import Arrive
from tests.browser.story import panel
from tests.support.stack import Stack, client_address, wait_until


def test_a_request_goes_from_the_form_over_triage_and_back_to_the_client_who_reopens_it(
    stack: Stack, arrive: Arrive
) -> None:
    address = client_address()
    client, lead, staff, master = arrive(), arrive(), arrive(SAM), arrive(MARIA)
    number = story.client_fills_in_the_form(client, address)
    titles = f"Repair the sign-in of {number}", f"Find the cause of {number}"

    story.lead_opens_it_from_the_mail(lead, HOLLY, number)
    story.lead_finds_it_in_the_list(lead, number)
    story.lead_plans_and_answers(lead, address)
    asked = story.lead_asks_the_team(lead, number)
    story.staff_gives_an_opinion(staff, number, "the login service broke")
    story.scrum_master_decides(master, number, *titles)
    wait_until(lambda: len(stack.ticket(number, MARIA)["work_items"]) == 3, "both items")
    master.looks_again()
    items = panel(master.page, "links")
    for title in titles:
        expect(items).to_contain_text(title)
    story.team_sees_it_in_teams(master, number, asked, "Casey Lee")
    story.team_sees_it_in_the_sprint(master, *titles)

    story.client_answers_on_the_page(client, address, number, "It happens in Firefox, too.")
    staff.looks_again()
    expect(panel(staff.page, "conversation")).to_contain_text("It happens in Firefox, too.")
    panel(staff.page, "moves").get_by_role("button", name="Resolve").click()
    expect(panel(staff.page, "head")).to_contain_text("Resolved")
    client.open_mail(address, number, "resolved")
    link = client.page.frame_locator("article.message:last-of-type iframe")
    client.follow(link.get_by_role("link", name="Open your request"))
    expect(client.page.locator(".now")).to_contain_text("We believe that this is solved")
    story.client_writes(client, "It is broken again.")
    lead.looks_again()
    expect(panel(lead.page, "head")).to_contain_text("In Planning")
    expect(panel(lead.page, "conversation")).to_contain_text("It is broken again.")


def test_a_request_from_the_microsoft_form_is_confirmed_and_reaches_the_lead_with_its_file(
    stack: Stack, arrive: Arrive
) -> None:
    address = client_address()
    client, lead = arrive(), arrive(HOLLY)
    story.client_fills_in_the_microsoft_form(client, address)
    sent = wait_until(lambda: stack.tenant.sent(address), f"the confirmation to {address}")
    number = str(sent[0]["headers"]["X-Docket-Ticket"])

    mail = client.open_mail(address, number, "We have your request")
    expect(mail.get_by_text("An important function is badly impaired").first).to_be_visible()
    page = lead.open_ticket(number)
    expect(panel(page, "conversation").get_by_role("link", name="screen.png")).to_be_visible()
    expect(panel(page, "facts")).to_contain_text("myTC Account web portal")
