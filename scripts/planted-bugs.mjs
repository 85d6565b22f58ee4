/**
 * Bugs that the simulator has to find: each exchanges one piece of the product's text. `why` says what a user would meet.
 * `from` must stand in the file exactly once, so that an entry that no longer fits is told and mended.
 */
export const plantedBugs = [
  // The gate
  {
    name: 'approvals-not-asked',
    file: 'engine/gate.ts',
    from: "decision !== 'wait' && !isMissing,",
    to: "decision !== 'wait',",
    why: 'gated repairs run without anybody',
  },
  {
    name: 'expired-approval-counts',
    file: 'engine/gate.ts',
    from: 'if (expiresAtMs <= nowMs) {',
    to: 'if (expiresAtMs < 0) {',
    why: 'an old yes lets a repair run',
  },
  {
    name: 'one-person-counts-twice',
    file: 'engine/gate.ts',
    from: 'counted.add(personOf(approval.approver))',
    to: 'counted.add(approval.approver)',
    why: 'one person approves at the terminal and over the API, and counts as two',
  },
  {
    name: 'two-people-are-one',
    file: 'engine/gate.ts',
    from: "case 'approve-twice':\n      return 2",
    to: "case 'approve-twice':\n      return 1",
    why: 'critical repairs need one person only',
  },
  {
    name: 'window-ignored',
    file: 'engine/gate.ts',
    from: "if (window.is === 'denied') {",
    to: "if (window.is === 'denied' && nowMs < 0) {",
    why: 'repairs run at night although that is denied',
  },
  {
    name: 'suspension-ignored',
    file: 'engine/gate.ts',
    from: 'if (suspended !== undefined) wait(',
    to: 'if (suspended !== undefined && nowMs < 0) wait(',
    why: 'what a person paused goes on',
  },
  {
    name: 'observe-mode-ignored',
    file: 'engine/gate.ts',
    from: "if (input.mode === 'observe' || policy.mode === 'observe') {",
    to: 'if (nowMs < 0) {',
    why: 'mode observe writes',
  },
  {
    name: 'rejection-ignored',
    file: 'engine/gate.ts',
    from: 'if (rejected !== undefined) {',
    to: "if (rejected?.by === '') {",
    why: 'a rejected repair is made',
  },
  {
    name: 'blast-radius-off-by-one',
    file: 'engine/gate.ts',
    from: 'if (count > rows) {',
    to: 'if (count > rows + 1) {',
    why: 'one record more than allowed goes unasked',
  },
  {
    name: 'quarantine-ignored',
    file: 'engine/gate.ts',
    from: 'if (quarantined !== undefined) {\n    approve(',
    to: "if (quarantined?.by === '') {\n    approve(",
    why: 'what was undone is done again',
  },
  {
    name: 'risk-of-its-level-only',
    file: 'engine/gate.ts',
    from: "if (byRisk !== 'auto') reasons.push(",
    to: "if (byRisk === 'approve-twice') reasons.push(",
    why: 'risks that ask one person ask nobody',
  },
  // Approvals, journal, executor, recovery
  {
    name: 'approval-outlives-evidence',
    file: 'journal/projection.ts',
    from: "    case 'action.superseded':\n    case 'action.planned':\n",
    to: '',
    why: 'an approval holds for a later occurrence',
  },
  {
    name: 'effect-before-journal',
    file: 'engine/executor.ts',
    from: "    ledger.move('action.dispatched', action, by, { lease: lease.number })\n    dispatched = true\n    const applied = await kind.apply(action, effect)\n",
    to: "    const applied = await kind.apply(action, effect)\n    ledger.move('action.dispatched', action, by, { lease: lease.number })\n    dispatched = true\n",
    why: 'a crash leaves an effect that nobody recorded',
  },
  {
    name: 'entry-and-projection-apart',
    file: 'journal/store.ts',
    from: `        db
          .transaction(() => {
            const appended = entries.map(appendOne)
            also?.(db)
            return appended
          })
          .immediate(),`,
    to: `        {
          const appended = entries.map(appendOne)
          also?.(db)
          return appended
        },`,
    why: 'a crash leaves the record and its tables apart',
  },
  {
    name: 'chain-not-chained',
    file: 'journal/store.ts',
    from: 'hash: hashOfRow(previous.hash, row)',
    to: 'hash: hashOfRow(chainStart, row)',
    why: 'entries can be taken out unnoticed',
  },
  {
    name: 'resume-forgotten',
    file: 'journal/projection.ts',
    from: "db.prepare('DELETE FROM suspensions WHERE resource = ?').run(resource)",
    to: "db.prepare('DELETE FROM suspensions WHERE resource = ? AND since_ms < 0').run(resource)",
    why: 'a resumed resource stays paused',
  },
  {
    name: 'crash-taken-for-success',
    file: 'engine/recovery.ts',
    from: "      options.ledger.move('action.interrupted', action, by, { at: 'dispatched', effect: 'none' })",
    to: "      options.ledger.move('action.succeeded', action, by, { changed: 1, skipped: 0, failed: 0, recovered: true })\n      options.ledger.move('action.succeeded', action, by, {})",
    why: 'an action succeeds twice',
  },
  {
    name: 'recovery-left-out',
    file: 'engine/recovery.ts',
    from: "const unfinished = ledger.records({ states: ['intended', 'checkpointed', 'dispatched'], resource, limit: 1000 })",
    to: "const unfinished = ledger.records({ states: ['intended', 'checkpointed'], resource, limit: 1000 })",
    why: 'what a crash cut off is planned again beside itself',
  },
  {
    name: 'failure-forgotten',
    file: 'engine/loop.ts',
    from: 'queue.done(name, result.settled.queue)\n    queue.addAfter(name, nextLookInMs(result))',
    to: "queue.done(name, { is: 'ok' })",
    why: 'what failed is never looked at again',
  },
  {
    name: 'wish-during-work-lost',
    file: 'engine/loop.ts',
    from: "    } else if (reconciled.lookAgain && result.rolledBack.length === 0) {\n      wake(key, { full: reconciled.look?.scope !== 'rows' })\n    }",
    to: '    }',
    why: 'what became runnable waits for the next resync',
  },
  {
    name: 'changed-policy-wakes-nobody',
    file: 'engine/loop.ts',
    from: 'if (policy !== before) for (const status of engine.statuses.all()) wake(status.declared.key)',
    to: '',
    why: 'what mode observe held waits on for an hour after enforce is declared',
  },
  // Undo and change sets
  {
    name: 'undo-skips-cells',
    file: 'targets/sqlite/change-reversal.ts',
    from: 'const changes = record.cells.map((cell): Change => {',
    to: 'const changes = record.cells.filter(() => rowId % 3 !== 1).map((cell): Change => {',
    why: 'an undo leaves some records as they are',
  },
  {
    name: 'undo-overwrites',
    file: 'targets/sqlite/change-reversal.ts',
    from: 'const rowId = placeOf(table, record.rowId, key, after)\n',
    to: 'const rowId: number | undefined = table.locate(record.rowId, key)\n  for (const cell of record.cells) Object.assign(cell, { after: table.row(rowId ?? 0, key, [cell.column])?.[cell.column] ?? null })\n',
    why: 'an undo overwrites what somebody wrote since',
  },
  {
    name: 'undone-is-not-held-back',
    file: 'engine/carry-out-undo.ts',
    from: '  ledger.quarantine(original.action, run.actor)\n',
    to: '',
    why: 'the next look does again what was undone',
  },
  {
    name: 'changed-rows-overwritten',
    file: 'targets/sqlite/table-access.ts',
    from: 'const before = record.cells.map((cell) => bound(cell.before))',
    to: 'const before = record.cells.map((cell) => bound(row(record.rowId, record.key)?.[cell.column] ?? null))',
    why: "another program's write is lost",
  },
  {
    name: 'effect-without-marker',
    file: 'targets/sqlite/markers.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a program.
    from: '  db.prepare(`INSERT INTO main.${markerTable} (action_id, step, at, note) VALUES (?, ?, ?, ?)`).run(',
    to: '  db.prepare(`SELECT ?, ?, ?, ?`).all(',
    why: 'after a crash nobody knows what was done',
  },
  // Sync and Airtable
  {
    name: 'merge-takes-wrong-side',
    file: 'kinds/sync/merge-field.ts',
    from: "return localChanged ? take(input, 'local', false, 'changed') : take(input, 'remote', false, 'changed')",
    to: "return localChanged ? take(input, 'remote', false, 'changed') : take(input, 'local', false, 'changed')",
    why: 'a sync takes back what somebody just wrote',
  },
  {
    name: 'merge-sees-no-remote-change',
    file: 'kinds/sync/merge-field.ts',
    from: 'const remoteChanged = !sameMark(base.remote, markOf(remote))\n',
    to: 'const remoteChanged = false\n',
    why: "a colleague's edit is overwritten without a trace",
  },
  {
    name: 'conflicts-settle-themselves',
    file: 'kinds/sync/merge-field.ts',
    from: "  if (winner === undefined) return { is: 'conflict' }\n",
    to: "  if (winner === undefined) return { is: 'settled' }\n",
    why: 'both sides stay different and nobody is told',
  },
  {
    name: 'create-without-key',
    file: 'kinds/sync/push.ts',
    from: 'const records = chunk.map((move) => ({ ...cellsOf(move), [mapping.keyField.id]: move.key }))',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a program.
    to: 'const records = chunk.map((move) => ({ ...cellsOf(move), [mapping.keyField.id]: `${move.key} ${ports.clock.nowMs()}` }))',
    why: 'a repeated create makes a second record',
  },
  {
    name: 'push-of-stale-values',
    file: 'kinds/sync/push.ts',
    from: 'const standing = request.isUndo ? chunk : await stillWanted(chunk, parts, ports, context)',
    to: 'const standing = chunk',
    why: 'a push sends what was changed since',
  },
  {
    name: 'unknown-outcome-is-done',
    file: 'kinds/sync/push.ts',
    from: "if (kept.length === 0 || kept.every(({ state }) => state === 'planned')) return 'not-applied'",
    to: "if (kept.length > 0) return 'applied'",
    why: 'a push that a crash cut off is taken for done',
  },
  {
    name: 'pace-off-by-one',
    file: 'targets/airtable/permits.ts',
    from: '{ permits: Math.floor(requestsPerSecond), backAfterMs }',
    to: '{ permits: Math.floor(requestsPerSecond) + 1, backAfterMs }',
    why: 'Airtable answers 429',
  },
  {
    name: 'pace-window-short',
    file: 'targets/airtable/permits.ts',
    from: 'const backAfterMs = 1000',
    to: 'const backAfterMs = 400',
    why: 'Airtable answers 429',
  },
  {
    name: 'payload-gap-unnoticed',
    file: 'targets/airtable/feed.ts',
    from: "if (page === undefined) return drop('the webhook is gone')",
    to: 'if (page === undefined) return',
    why: 'edits in Airtable are never seen again',
  },
  // Services and jobs
  {
    name: 'no-pause-after-failure',
    file: 'kinds/service/downtime.ts',
    from: 'return Math.round(pauseMs * (1 + share))',
    to: 'return Math.round(pauseMs * share * 0)',
    why: 'a program that fails is started without end',
  },
  {
    name: 'heartbeat-ignored',
    file: 'targets/process/probes/probe.ts',
    from: 'return ageMs <= maxAgeMs ? ok(text)',
    to: 'return ageMs >= 0 ? ok(text)',
    why: 'a hanging program hangs for ever',
  },
  {
    name: 'second-copy',
    file: 'kinds/service/apply.ts',
    from: "if (begun !== undefined && (await host.settled(begun.instance)).is !== 'never')\n    return recordStarted(name, begun, ports)",
    to: '',
    why: 'after a crash a program is started beside itself',
  },
  {
    name: 'stop-is-forgotten',
    file: 'kinds/job/apply.ts',
    from: "case 'end-run':\n      await endRun(name, order.uuid, order.reason, ports, context)\n",
    to: "case 'end-run':\n",
    why: 'a run that is too long goes on',
  },
  // Values, people, what is only observed
  {
    name: 'erased-people-return',
    file: 'workspace/open.ts',
    from: 'isErased: suppressions.isErased,',
    to: 'isErased: () => false,',
    why: 'the sync brings an erased person back',
  },
]
