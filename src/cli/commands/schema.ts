import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { systemClock } from '../../clock.ts'
import { systemRandom } from '../../random.ts'
import { schemaReference, schemaText } from '../../workspace/schema-text.ts'
import { type CommonOptions, common, runCommand } from '../command.ts'
import { withWorkspace } from '../workspace.ts'

export function registerSchema(program: Command): void {
  common(program.command('schema'), [
    'trueup schema',
    'trueup schema --out schema.graphql',
    'trueup schema --reference --out graphql.md',
  ])
    .summary('print the GraphQL schema that the desired state gives')
    .option('--out <file>', 'write it to a file instead')
    .option('--reference', 'as a Markdown page for people: by topic, with who may do what and examples', false)
    .action((options: CommonOptions & { out?: string; reference: boolean }) =>
      runCommand(options, (run) =>
        withWorkspace(options, 'look', async (workspace) => {
          const text = (options.reference ? schemaReference : schemaText)(workspace, {
            clock: systemClock,
            random: systemRandom,
          })
          if (options.out !== undefined) writeFileSync(options.out, text)
          run.answer(options.out === undefined ? { schema: text } : { path: options.out }, ({ line }) =>
            line(options.out === undefined ? text : `Wrote ${options.out}.`),
          )
          return 0
        }),
      ),
    )
}
