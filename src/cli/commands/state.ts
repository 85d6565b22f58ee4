import type { Command } from 'commander'
import { type HealthIssue, healthOf } from '../../api/health-report.ts'
import { systemClock } from '../../clock.ts'
import { keyText, type ResourceKey } from '../../engine/resource.ts'
import { rootsOf } from '../../engine/same-trouble.ts'
import { ageText, verdictOf } from '../../engine/verdict.ts'
import type { StatusView } from '../../engine/view.ts'
import { systemRandom } from '../../random.ts'
import { standingAlertPort } from '../../workspace/alert-port.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { type CommonOptions, common, runCommand } from '../command.ts'
import { statusOf } from '../plan-json.ts'
import { printPlan, sameReason } from '../plan-text.ts'
import { selectViews } from '../select.ts'
import type { Terminal } from '../terminal.ts'
import { currentViews } from '../views.ts'
import { type WorkNow, workUnderWay } from '../work-under-way.ts'
import { withWorkspace } from '../workspace.ts'

/** `status`, `drift`, `health`: what is known, as a sentence, as differences, as checks. */
export function registerState(program: Command): void {
  common(program.command('status'), ['trueup status', 'trueup status --json'])
    .summary('the state in one sentence, and a line for each resource')
    .action((options: CommonOptions) =>
      runCommand(options, (run) =>
        withWorkspace(options, 'look', async (workspace) => {
          // Now: a look may take longer than a lease is read to hold.
          const holder = workspace.controller()
          const { views, from } = await currentViews(workspace, run)
          const verdict = verdictOf(views, Date.now(), holder !== undefined)
          const roots = rootsOf(views)
          const now: WorkNow = holder === undefined ? { is: 'known', work: [] } : await workUnderWay(options)
          run.answer(
            {
              ...verdict,
              from,
              controller: holder?.address ?? null,
              generation: workspace.generations.inForce().number,
              work: now.is === 'known' ? now.work : null,
              items: views.map((view) => ({ id: keyText(view.resource), ...view })),
            },
            (terminal) => {
              terminal.line(terminal.colour.bold(verdict.sentence))
              terminal.line(
                terminal.colour.dim(
                  holder === undefined
                    ? 'No controller runs; this was looked up now.'
                    : `A controller runs${holder.address === undefined ? '' : ` at ${holder.address}`}.`,
                ),
              )
              if (now.is === 'unknown') terminal.line(terminal.colour.dim(`What it is at is not known: ${now.why}.`))
              else for (const { sentence } of now.work) terminal.line(`Under way: ${sentence}.`)
              terminal.line()
              terminal.table(
                ['resource', 'state', 'differs', 'waits', 'what is there'],
                views.map((view) => statusRow(view, terminal, roots.get(keyText(view.resource)))),
              )
            },
          )
          return statusOf(views, false)
        }),
      ),
    )

  common(program.command('drift [resource...]'), ['trueup drift', 'trueup drift table/leads --json'])
    .summary('every difference between what is declared and what is there')
    .action((names: string[], options: CommonOptions) =>
      runCommand(options, (run) =>
        withWorkspace(options, 'look', async (workspace) => {
          const views = selectViews(names, (await currentViews(workspace, run)).views)
          run.answer({ items: views.flatMap((view) => view.drift) }, (terminal) => {
            printPlan(terminal, views)
            if (views.every((view) => view.drift.length === 0 && view.error === null)) terminal.line('Nothing differs.')
          })
          return statusOf(views, false)
        }),
      ),
    )

  common(program.command('health [resource...]'), ['trueup health', 'trueup health database/main --json'])
    .summary('the checks of every resource, and what is wrong')
    .action((names: string[], options: CommonOptions) =>
      runCommand(options, (run) =>
        withWorkspace(options, 'look', async (workspace) => {
          const views = selectViews(names, (await currentViews(workspace, run)).views)
          const { status, components, issues, figures } = healthOf(views)
          const byName = new Map(components.map((component) => [component.name, component.status]))
          const items = views.map(({ resource, summary, checks, error }) => {
            const id = keyText(resource)
            return { id, status: byName.get(id), summary, checks, error }
          })
          const alerts = await firingAlerts(workspace)
          run.answer({ status, items, issues, figures, alerts }, (terminal) => {
            const roots = rootsOf(views)
            for (const view of views) printHealth(terminal, view, roots.get(keyText(view.resource)))
            terminal.line()
            for (const issue of issues) printIssue(terminal, issue)
            for (const { rule, instance, valueText, next } of alerts)
              terminal.line(
                `${terminal.colour.red('alert')} ${rule}${instance === '' ? '' : ` (${instance})`}: ${valueText} ${terminal.colour.dim(`next: ${next}`)}`,
              )
            terminal.line(`Overall: ${status}`)
          })
          return status === 'failed' ? 2 : 0
        }),
      ),
    )
}

/** Alerts that fire and are not silenced, as the controller last noted them. */
async function firingAlerts(workspace: Workspace) {
  const ports = { clock: systemClock, random: systemRandom, environment: process.env, dashboard: () => undefined }
  const alerts = await standingAlertPort(workspace, ports).alerts()
  return alerts.filter(({ state, silenced }) => state === 'firing' && !silenced)
}

function printIssue(terminal: Terminal, { severity, component, message, affected, suggestion }: HealthIssue): void {
  const { line, colour } = terminal
  const mark = severity === 'high' || severity === 'critical' ? colour.red(severity) : colour.yellow(severity)
  const count = affected.count === 0 ? '' : ` (${affected.count} ${affected.count === 1 ? 'record' : 'records'})`
  line(`${mark} ${component}: ${message}${count}`)
  line(colour.dim(`  next: ${suggestion}`))
}

function statusRow(view: StatusView, terminal: Terminal, root: ResourceKey | undefined): string[] {
  const { colour } = terminal
  const ready = view.conditions.find((condition) => condition.type === 'Ready')
  const state =
    view.error !== null
      ? colour.red('unreadable')
      : view.actions.length > 0
        ? colour.yellow('differs')
        : ready?.status === 'false' && ready.reason !== 'ByHand'
          ? colour.yellow(ready.reason)
          : ready?.status === 'unknown'
            ? colour.yellow('unknown')
            : view.drift.length > 0
              ? colour.dim('see drift')
              : colour.green('true')
  const waits = view.actions.filter((action) => !action.gate.runnable).length
  const age = view.lookedAtMs === null ? '' : colour.dim(` (${ageText(Date.now() - view.lookedAtMs)} ago)`)
  return [
    keyText(view.resource),
    state,
    String(view.drift.length),
    String(waits),
    `${root === undefined ? (view.error?.message ?? view.summary) : sameReason(root)}${ready === undefined ? '' : age}`,
  ]
}

function printHealth(terminal: Terminal, view: StatusView, root: ResourceKey | undefined): void {
  const { colour } = terminal
  terminal.line(colour.bold(keyText(view.resource)))
  if (root !== undefined) {
    terminal.line(`  ${colour.red('✗')} ${sameReason(root)}`)
    return
  }
  const { error } = view
  // A check that names the error says it with what it means for that check.
  if (error !== null && !view.checks.some(({ message }) => message.includes(error.message)))
    terminal.line(`  ${colour.red('✗')} ${error.message} ${colour.dim(`next: ${error.hint}`)}`)
  for (const check of view.checks) {
    const mark =
      check.status === 'ok'
        ? colour.green('✓')
        : check.status === 'warning'
          ? colour.yellow('!')
          : check.status === 'failed'
            ? colour.red('✗')
            : colour.dim('?')
    terminal.line(`  ${mark} ${check.name}: ${check.message}`)
  }
}
