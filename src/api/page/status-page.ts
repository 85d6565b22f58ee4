/**
 * The status page: one sentence, what waits for a person with before and after, drift, resources, last events. It is
 * rendered here alone; the script in the browser only fetches it again and sends what the buttons ask for.
 */
import type { Clock } from '../../clock.ts'
import { isoOf } from '../../clock.ts'
import type { JsonValue } from '../../json.ts'
import { withoutPersons, withoutSecrets } from '../../scrub.ts'
import { may, type Viewer } from '../auth/permissions.ts'
import type { ActionView, EnginePort, EventView, PlanView, ResourceView } from '../ports.ts'
import { interventionsOf, needsApproval, statusOf } from '../resource-status.ts'
import { type Html, page, raw } from './html.ts'

const driftShown = 100
const eventsShown = 30

export async function statusPage(engine: EnginePort, viewer: Viewer, clock: Clock): Promise<string> {
  if (!may(viewer, 'state.read')) {
    return page({
      title: 'Status',
      stylesheet: '/app.css',
      body: raw`<main class="narrow"><h1>Trueup</h1><p>The role ${viewer.role.name} does not see the state. The API is at <a href="/graphql">/graphql</a>.</p></main>`,
    })
  }
  const [controller, resources, plan, { events }] = await Promise.all([
    engine.controller(),
    engine.resources(),
    engine.plan(),
    engine.events({ after: undefined, limit: eventsShown }),
  ])
  const nowMs = clock.nowMs()
  const status = page({
    title: controller.name,
    stylesheet: '/app.css',
    script: '/app.js',
    body: raw`<header><h1>${controller.name}</h1>
<p>${viewer.subject} (${viewer.role.name}) · <a href="/graphql">GraphiQL</a></p>
<form method="post" action="/sign-out"><button class="quiet">Sign out</button></form></header>
<main id="state" data-plan="${plan.id}">
<p class="verdict" role="status">${controller.verdict}</p>
<p class="quiet">Generation ${controller.generation}, mode ${controller.mode}, last full look ${ago(controller.lastFullLookAtMs, nowMs)}. <time datetime="${isoOf(nowMs)}">${isoOf(nowMs)}</time></p>
<p id="answer" role="alert"></p>
${approvals(plan, viewer)}
${byHand(resources)}
${waiting(plan)}
${driftTable(resources)}
${resourceTable(resources, nowMs)}
${eventList(events)}
</main>`,
  })
  return viewer.role.unmasked === 'all' ? withoutSecrets(status) : withoutPersons(status)
}

function approvals(plan: PlanView, viewer: Viewer): Html {
  const pending = plan.actions.filter(needsApproval)
  if (pending.length === 0) return raw`<section><h2>Approvals</h2><p>Nothing waits for an approval.</p></section>`
  return raw`<section><h2>${pending.length} to approve</h2>${pending.map((action) => approval(action, viewer))}</section>`
}

function approval(action: ActionView, viewer: Viewer): Html {
  const shows = viewer.role.unmasked === 'all'
  const buttons = may(viewer, 'actions.approve')
    ? raw`<p><button data-do="approve" data-action="${action.id}">Approve</button>
<button data-do="reject" data-action="${action.id}" class="quiet">Reject</button></p>`
    : raw`<p class="quiet">The role ${viewer.role.name} may not approve.</p>`
  const rows = action.preview.map(
    (cell) =>
      raw`<tr><th scope="row">${cell.key}</th><td>${cell.field}</td><td class="before">${shows ? shown(cell.before) : '***'}</td><td class="after">${shows ? shown(cell.after) : '***'}</td></tr>`,
  )
  const preview =
    rows.length === 0
      ? ''
      : raw`<table><caption>${rows.length} of ${action.affected.count} records</caption><thead><tr><th>Record</th><th>Field</th><th>Before</th><th>After</th></tr></thead><tbody>${rows}</tbody></table>`
  return raw`<article class="risk-${action.risk}"><h3>${action.summary}</h3>
<p><span class="tag">${action.risk}</span> ${action.resource.kind}/${action.resource.name} · ${action.verb} · ${reversal(action)} · <code>${action.id}</code> · ${action.gate.approvalsGiven} of ${action.gate.approvalsNeeded} approvals</p>
<ul>${action.gate.reasons.map((reason) => raw`<li>${reason.message}</li>`)}${action.findings.map((finding) => raw`<li>${finding.message}</li>`)}</ul>
${preview}${buttons}</article>`
}

function reversal(action: ActionView): string {
  if (action.reversible === 'by-hand') return 'is undone by hand'
  return action.reversible === 'irreversible' ? 'cannot be undone' : 'can be undone'
}

function shown(value: JsonValue): string {
  return value === null ? '(empty)' : typeof value === 'string' ? value : JSON.stringify(value)
}

function byHand(resources: readonly ResourceView[]): Html {
  const items = interventionsOf(resources).flatMap((one) => {
    if (one.is === 'by-hand') return [raw`<li>${one.drift.message} <strong>${one.drift.byHand ?? ''}</strong></li>`]
    if (one.is === 'unreadable') {
      const { resource, error } = one.resource
      return [
        raw`<li>${resource.kind}/${resource.name}: ${error?.message ?? 'cannot be read'} <strong>${error?.hint ?? ''}</strong></li>`,
      ]
    }
    return []
  })
  return items.length === 0 ? raw`` : raw`<section><h2>${items.length} to do by hand</h2><ul>${items}</ul></section>`
}

function waiting(plan: PlanView): Html {
  const held = plan.actions.filter((action) => !action.gate.runnable && !needsApproval(action))
  if (held.length === 0) return raw``
  return raw`<section><h2>${held.length} held back</h2><ul>${held.map(
    (action) =>
      raw`<li>${action.summary}: ${action.gate.reasons.map((reason) => reason.message).join('; ')}${action.gate.wakeUpMs === null ? '' : `, until ${isoOf(action.gate.wakeUpMs)}`}</li>`,
  )}</ul></section>`
}

function driftTable(resources: readonly ResourceView[]): Html {
  const drift = resources.flatMap((resource) => resource.drift)
  if (drift.length === 0)
    return raw`<section><h2>Drift</h2><p>Everything that was looked at is as declared.</p></section>`
  const rows = drift
    .slice(0, driftShown)
    .map(
      (one) =>
        raw`<tr class="risk-${one.severity}"><td><span class="tag">${one.severity}</span></td><th scope="row">${one.resource.kind}/${one.resource.name}</th><td>${one.path}</td><td>${one.message}</td><td>${one.affected.count}</td></tr>`,
    )
  const more = drift.length > driftShown ? raw`<p>and ${drift.length - driftShown} more</p>` : ''
  return raw`<section><h2>Drift (${drift.length})</h2><table><thead><tr><th>Severity</th><th>Resource</th><th>Where</th><th>What</th><th>Records</th></tr></thead><tbody>${rows}</tbody></table>${more}</section>`
}

function resourceTable(resources: readonly ResourceView[], nowMs: number): Html {
  const rows = resources.map((one) => {
    const why = one.error?.message ?? one.conditions.find((condition) => condition.status !== 'true')?.message ?? ''
    return raw`<tr class="status-${statusOf(one)}"><td><span class="tag">${statusOf(one)}</span></td><th scope="row">${one.resource.kind}/${one.resource.name}</th><td>${one.summary}</td><td>${why}</td><td>${ago(one.lookedAtMs, nowMs)}</td></tr>`
  })
  return raw`<section><h2>Resources (${resources.length})</h2><table><thead><tr><th>Status</th><th>Resource</th><th>What is there</th><th>Why</th><th>Looked at</th></tr></thead><tbody>${rows}</tbody></table></section>`
}

function eventList(events: readonly EventView[]): Html {
  const items = events.map(
    (event) =>
      raw`<li><time datetime="${isoOf(event.atMs)}">${isoOf(event.atMs).slice(0, 19).replace('T', ' ')}</time> <span class="tag">${event.type}</span> ${event.message}${event.count > 1 ? ` (${event.count} times)` : ''}</li>`,
  )
  return raw`<section><h2>Last events</h2>${items.length === 0 ? raw`<p>None yet.</p>` : raw`<ol>${items}</ol>`}</section>`
}

function ago(atMs: number | null, nowMs: number): string {
  if (atMs === null) return 'never'
  const seconds = Math.max(0, Math.round((nowMs - atMs) / 1000))
  if (seconds < 120) return `${seconds} s ago`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min ago` : `${Math.round(seconds / 3600)} h ago`
}
