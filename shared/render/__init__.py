"""What people read: mails, cards, work items, links."""
