"""Mail in: from raw messages in a mailbox to tickets, answers and the ledger."""
