"""From what somebody wants to what does it: intents, capabilities, artifacts; and what came of earlier searches."""
