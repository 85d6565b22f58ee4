import type { Command } from 'commander'
import { z } from 'zod'
import { corruptionScenarios } from '../../demo/corrupt.ts'
import { generateWorkspace } from '../../demo/generate.ts'
import { messLevels } from '../../demo/mess.ts'
import { scenarios } from '../../demo/scenario.ts'
import { OperationalError } from '../../errors.ts'
import { type CommonOptions, common, runCommand } from '../command.ts'

const optionsSchema = z.object({
  rows: z.coerce.number().int().min(1).max(20_000_000),
  seed: z.coerce.number().int().min(0),
  mess: z.enum(messLevels),
  scenario: z.enum(scenarios),
  damage: z.enum(corruptionScenarios),
  into: z.string().min(1),
})

export function registerGenerate(program: Command): void {
  common(program.command('generate'), [
    'trueup generate --rows 20000 --seed 7 --mess heavy --into /tmp/leads',
    'trueup generate --rows 1000 --scenario duplicate --into /tmp/twice',
    'trueup plan --state /tmp/leads/desired-state.yaml',
  ])
    .summary('make test data: a workspace with four databases, JSON files and a desired state')
    .description(
      'The same seed gives the same data. Existing files are never overwritten. What was planted is printed, and with --planted written to planted.json.',
    )
    .requiredOption('--rows <n>', 'leads in the main database; the other sources grow with it')
    .option('--seed <s>', 'any whole number', '1')
    .option('--mess <level>', messLevels.join(', '), 'light')
    .option('--scenario <name>', `what is planted: ${scenarios.join(', ')}`, 'mixed')
    .option('--damage <kind>', `of scenario corrupted: ${corruptionScenarios.join(', ')}`, 'zero-page')
    .option('--into <dir>', 'the new workspace', '.')
    .option('--planted', 'write planted.json beside the desired state', false)
    .action((options: CommonOptions & { planted: boolean }) =>
      runCommand(options, async (run) => {
        const parsed = optionsSchema.safeParse(options)
        if (!parsed.success) {
          const [issue] = parsed.error.issues
          throw new OperationalError('USAGE', `--${issue?.path.join('.')}: ${issue?.message}`, {
            hint: 'See `trueup generate --help`.',
          })
        }
        const { mess, scenario } = parsed.data
        if (mess === 'clean' && ['duplicate', 'conflicted', 'malformed'].includes(scenario)) {
          throw new OperationalError('USAGE', `--mess clean plants nothing of the scenario ${scenario}`, {
            hint: 'Use --mess light or heavy.',
          })
        }
        const made = await generateWorkspace({ ...parsed.data, writePlanted: options.planted })
        run.answer({ items: made.files.map((file) => ({ id: file })), planted: made.planted }, ({ line, colour }) => {
          for (const file of made.files) line(file)
          const total = Object.values(made.planted)
            .flatMap((counts) => Object.values(counts))
            .reduce((sum, count) => sum + count, 0)
          const kinds = Object.keys(made.planted).length
          line(
            colour.dim(
              `${kinds} ${kinds === 1 ? 'kind' : 'kinds'} of mess, planted ${total.toLocaleString('en')} times.`,
            ),
          )
        })
        return 0
      }),
    )
}
