// A confirmation is shown once: its mark leaves the address, so no bookmark or reload brings it back.

const address = new URL(location.href);
address.searchParams.delete("new");
address.searchParams.delete("sent");
history.replaceState(history.state, "", address);
