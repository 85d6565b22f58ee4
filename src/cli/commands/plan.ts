import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Command } from 'commander'
import { converge } from '../../engine/engine.ts'
import { viewOf } from '../../engine/view.ts'
import { type CommonOptions, common, runCommand } from '../command.ts'
import { planDocument, statusOf } from '../plan-json.ts'
import { printPlan, printProblems } from '../plan-text.ts'
import { selectKeys } from '../select.ts'
import { withWorkspace } from '../workspace.ts'

interface PlanOptions extends CommonOptions {
  readonly out?: string
  readonly strict: boolean
}

export function registerPlan(program: Command): void {
  common(program.command('plan [resource...]'), [
    'trueup plan',
    'trueup plan table/leads --json',
    'trueup plan --out plan.json && trueup apply plan.json',
  ])
    .summary('show drift and what would be done; changes nothing')
    .description(
      'Observes read-only and prints every difference with what would mend it, like a diff. Nothing is changed, not even a file time. Exit status 2 when something differs, 1 when the file is invalid.',
    )
    .option('--out <file>', 'save the plan; `trueup apply FILE` carries out exactly this plan or refuses it as stale')
    .option('--strict', 'exit with 2 also for data that only a person can mend', false)
    .action((names: string[], options: PlanOptions) =>
      runCommand(options, (run) =>
        withWorkspace(options, 'look', async ({ engine, generations }) => {
          engine.onProgress(({ resource, done, total }) => run.terminal.progress(resource, done, total))
          const keys = selectKeys(names, engine.statuses.all())
          await converge(engine, { keys, actor: 'local', signal: run.signal })
          run.terminal.progressDone()
          const wanted = engine.statuses
            .all()
            .filter((status) => keys === undefined || keys.includes(status.declared.key))
            .map(viewOf)
          const document = planDocument(wanted, generations, Date.now())
          if (options.out !== undefined) save(options.out, JSON.stringify(document))
          run.answer(document, (terminal) => {
            printPlan(terminal, wanted)
            printProblems(terminal, generations)
            const actions = wanted.flatMap((view) => view.actions)
            const held = actions.filter(({ gate }) => !gate.runnable).length
            const drift = wanted.flatMap((view) => view.drift).length
            terminal.line(
              drift === 0 && actions.length === 0
                ? terminal.colour.green('Everything is as declared.')
                : `${counts(drift, actions.length, held)} ${terminal.colour.dim(nextStep(actions.length, held))}`,
            )
          })
          return generations.problems().length > 0 ? 1 : statusOf(wanted, options.strict)
        }),
      ),
    )
}

function counts(drift: number, repairs: number, held: number): string {
  const differences = `${drift} ${drift === 1 ? 'difference' : 'differences'}`
  if (repairs === 0) return `${differences} that no repair can mend.`
  const free = repairs - held
  return `${differences}; ${free} ${free === 1 ? 'repair' : 'repairs'} can be made at once, ${held} ${held === 1 ? 'waits' : 'wait'} for a person.`
}

function nextStep(repairs: number, held: number): string {
  if (repairs > held) return 'Carry out: trueup apply'
  return held > 0 ? 'Decide: trueup approvals' : 'Each says what to do.'
}

/** Whole or not at all. */
function save(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.part`, text, { mode: 0o600 })
  renameSync(`${path}.part`, path)
}
