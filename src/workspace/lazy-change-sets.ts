import type { ChangeSets } from '../targets/sqlite/ports.ts'

/** Change sets whose file is opened, and made, only when something is kept or read: a run that only looks leaves no trace. */
export function lazyChangeSets(open: () => ChangeSets): ChangeSets {
  let opened: ChangeSets | undefined
  const sets = (): ChangeSets => {
    opened ??= open()
    return opened
  }
  return {
    begin: (actionId, target) => sets().begin(actionId, target),
    summary: (actionId) => sets().summary(actionId),
    page: (actionId, from, limit) => sets().page(actionId, from, limit),
    apply: (actionId, databases, options) => sets().apply(actionId, databases, options),
    probe: (actionId, databases) => sets().probe(actionId, databases),
    reverse: (actionId, undoId, databases, choice) => sets().reverse(actionId, undoId, databases, choice),
    discard: (actionId) => sets().discard(actionId),
    redact: (replace) => sets().redact(replace),
    trail: (record) => sets().trail(record),
    expire: (bounds) => sets().expire(bounds),
    bytes: () => sets().bytes(),
    close: () => opened?.close(),
  }
}
