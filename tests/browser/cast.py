"""The people of the desks that ship."""

HOLLY, SAM, PRIYA = "holly@mytc.example", "sam.okafor@mytc.example", "priya.nair@mytc.example"
MARIA, ADA = "maria.lopez@mytc.example", "ada.reid@mytc.example"  # scrum master, administrator

NORA, TOM = "nora.lindqvist@doorfunds.example", "tom.becker@doorfunds.example"  # lead, staff
AMELIE, GRACE = "amelie.durand@doorfunds.example", "grace.odell@doorfunds.example"
LENA, RUI = "lena.fischer@doorfunds.example", "rui.costa@doorfunds.example"  # the rota
DOOR = "support@doorfunds.example"
