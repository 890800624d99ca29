"""Linux 5.3: H_CEDE sets PQ to 00 while an entry of the escalation interrupt is queued, and xive_esc_on only
afterwards.
"""

from xive_cede_fixed import spec as fixed

spec = fixed.variant("5.3")
