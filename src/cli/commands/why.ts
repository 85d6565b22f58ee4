import type { Command } from 'commander'
import { whyOf } from '../../engine/conditions.ts'
import { keyText } from '../../engine/resource.ts'
import { explainable } from '../../engine/view.ts'
import { undoLine } from '../../workspace/undo-line.ts'
import { type CommonOptions, common, runCommand } from '../command.ts'
import { selectViews } from '../select.ts'
import { currentViews } from '../views.ts'
import { withWorkspace } from '../workspace.ts'

export function registerWhy(program: Command): void {
  common(program.command('why <resource>'), ['trueup why table/leads', 'trueup why import/cache-leads --json'])
    .summary('why a resource stands as it does: reason, evidence, since when, wake-up, next step')
    .action((name: string, options: CommonOptions) =>
      runCommand(options, (run) =>
        withWorkspace(options, 'look', async (workspace) => {
          const views = selectViews([name], (await currentViews(workspace, run)).views)
          const nowMs = Date.now()
          const items = views.map((view) => ({
            id: keyText(view.resource),
            lines: [...whyOf(explainable(view), nowMs), ...undoLine(view.resource, workspace, nowMs)],
            conditions: view.conditions,
            checks: view.checks,
          }))
          run.answer({ items }, ({ line, colour }) => {
            for (const [index, { lines }] of items.entries()) {
              const [resource, ...rest] = lines.map(({ label, text }) => `${colour.dim(label.padEnd(9))} ${text}`)
              if (resource !== undefined) line(resource)
              line(`${colour.dim('there'.padEnd(9))} ${views[index]?.summary ?? ''}`)
              for (const one of rest) line(one)
            }
          })
          return 0
        }),
      ),
    )
}
