/** Prints drift and plan the way a diff reads. */
import { problemText } from '../desired/problem.ts'
import { keyText, type ResourceKey } from '../engine/resource.ts'
import { rootsOf } from '../engine/same-trouble.ts'
import type { ActionView, DriftView, StatusView } from '../engine/view.ts'
import type { Generations } from '../workspace/generations.ts'
import type { Terminal } from './terminal.ts'

/** Prints every resource that differs, what would mend it, and what a person has to do. */
export function printPlan(terminal: Terminal, views: readonly StatusView[]): void {
  const { colour } = terminal
  const roots = rootsOf(views)
  for (const view of views) {
    const root = roots.get(keyText(view.resource))
    if (root !== undefined) {
      terminal.line(`${colour.bold(keyText(view.resource))} ${colour.dim(sameReason(root))}`)
      continue
    }
    if (view.error !== null) {
      terminal.line(colour.bold(keyText(view.resource)))
      terminal.line(colour.red(`  ✗ ${view.error.message}`))
      terminal.line(colour.dim(`    next: ${view.error.hint}`))
      continue
    }
    if (view.drift.length === 0) continue
    terminal.line(`${colour.bold(keyText(view.resource))} ${colour.dim(`· ${view.summary}`)}`)
    const mended = new Set(view.actions.flatMap((action) => action.resolves))
    for (const action of view.actions) printAction(terminal, action, view.drift)
    for (const drift of view.drift) if (!mended.has(drift.path)) printByHand(terminal, drift)
    terminal.line()
  }
}

/** What is said of a resource that has its trouble from another. */
export function sameReason(root: ResourceKey): string {
  return `cannot be read for the same reason as ${keyText(root)}`
}

/** Prints every problem of the file with its place, where it has any. */
export function printProblems(terminal: Terminal, generations: Generations): void {
  const problems = generations.problems()
  if (problems.length === 0) return
  const { number } = generations.inForce()
  terminal.line(terminal.colour.red(`The desired state is invalid; generation ${number} stays in force:`))
  for (const problem of problems) terminal.line(terminal.colour.red(`  ${problemText(problem)}`))
}

function printAction(terminal: Terminal, action: ActionView, drift: readonly DriftView[]): void {
  const { colour } = terminal
  const { gate } = action
  const verdict = gate.runnable ? colour.green(action.risk) : colour.yellow(`${action.risk}, held`)
  terminal.line(`  ${signOf(action.verb, colour)} ${action.summary}  ${colour.dim(action.id)}  ${verdict}`)
  for (const one of drift) {
    if (action.resolves.includes(one.path)) terminal.line(colour.dim(`      because ${one.message}`))
  }
  for (const finding of action.findings) terminal.line(colour.yellow(`      ! ${finding.message}`))
  for (const cell of action.preview.slice(0, 3)) {
    terminal.line(colour.red(`      - ${cell.field} ${JSON.stringify(cell.before)}  ${colour.dim(cell.key)}`))
    terminal.line(colour.green(`      + ${cell.field} ${JSON.stringify(cell.after)}`))
  }
  const more = action.affected.count - Math.min(3, action.preview.length)
  if (action.preview.length > 0 && more > 0) terminal.line(colour.dim(`        and ${more.toLocaleString('en')} more`))
  for (const { code, message } of gate.reasons) {
    if (code === 'backup-first') terminal.line(colour.dim(`      first: ${message}`))
    else if (!gate.runnable) terminal.line(colour.yellow(`      held: ${message}`))
  }
}

function signOf(verb: string, colour: Terminal['colour']): string {
  if (/^(create|add|import|fill)/.test(verb)) return colour.green('+')
  if (/^(drop|delete|remove)/.test(verb)) return colour.red('-')
  return colour.yellow('~')
}

function printByHand(terminal: Terminal, drift: DriftView): void {
  const { colour } = terminal
  const mark =
    drift.severity === 'low' ? colour.dim('·') : drift.severity === 'medium' ? colour.yellow('!') : colour.red('!')
  terminal.line(`  ${mark} ${drift.message} ${colour.dim(drift.severity)}`)
  if (drift.affected.sample.length > 0) {
    const more = drift.affected.count - Math.min(5, drift.affected.sample.length)
    terminal.line(
      colour.dim(
        `      ${drift.affected.sample.slice(0, 5).join(', ')}${more > 0 ? ` and ${more.toLocaleString('en')} more` : ''}`,
      ),
    )
  }
  if (drift.byHand !== null) terminal.line(colour.dim(`      next: ${drift.byHand}`))
}
