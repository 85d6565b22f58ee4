/** Whether people may be contacted, for programs that are about to; and the one way to allow it again. */
import { actorOf } from '../auth/permissions.ts'
import type { AllowContactOutcome, ContactAnswer } from '../people-views.ts'
import type { EnginePort } from '../ports.ts'
import { type Builder, requires } from './builder.ts'
import type { Repositories } from './context.ts'
import { ForbiddenError, InputInvalidError } from './errors.ts'
import { tableNames } from './lead-names.ts'
import type { Refusals } from './lead-writes.ts'
import { idWithin } from './node-id.ts'
import { hasTag, type Results } from './results.ts'
import { idsMax, reasonLengthMax } from './sizes.ts'

interface Answer {
  readonly address: string
  readonly answer: ContactAnswer
}

const addressLengthMax = 500

export function addContact(
  builder: Builder,
  engine: EnginePort,
  repositories: Repositories,
  { results, refusals }: { readonly results: Results; readonly refusals: Refusals },
): void {
  const Contactable = builder.objectRef<Answer>('Contactable').implement({
    description: 'Whether the person of an address may be contacted.',
    fields: (t) => ({
      address: t.exposeString('address', { description: 'As it was asked.' }),
      contactable: t.boolean({
        description:
          'False where the person is not to be contacted or was erased, and for what cannot be read: what is not known to be allowed is not.',
        resolve: ({ answer }) => answer === 'yes',
      }),
      isReadable: t.boolean({
        description: 'False for what is neither an e-mail address nor the LinkedIn profile of a person.',
        resolve: ({ answer }) => answer !== 'unreadable',
      }),
    }),
  })
  builder.queryField('contactable', (t) =>
    t.field({
      ...requires('leads.read'),
      type: [Contactable],
      description:
        'Whether the people of these e-mail addresses and LinkedIn profiles may be contacted; in their order. For programs, right before they write to somebody.',
      args: {
        addresses: t.arg.stringList({
          required: true,
          validate: (addresses: readonly string[]) =>
            addresses.length <= idsMax && addresses.every((one) => one.length <= addressLengthMax),
        }),
      },
      resolve: async (_root, { addresses }) => {
        const answers = await engine.contactable(addresses)
        return addresses.map((address, at) => ({ address, answer: answers[at] ?? 'unreadable' }))
      },
    }),
  )

  const Cleared = builder.objectRef<{ readonly table: string; readonly count: number }>('ContactRecords').implement({
    description: 'How many records of one table had their mark cleared.',
    fields: (t) => ({ table: t.exposeString('table'), count: t.exposeInt('count') }),
  })
  const Allowed = builder
    .objectRef<Extract<AllowContactOutcome, { is: 'allowed' | 'was-allowed' }>>('ContactAllowed')
    .implement({
      description: 'The person may be contacted again.',
      isTypeOf: (value) => hasTag(value, 'allowed') || hasTag(value, 'was-allowed'),
      fields: (t) => ({
        wasAllowed: t.boolean({
          description: 'True where nobody had said otherwise; nothing was done then.',
          resolve: ({ is }) => is === 'was-allowed',
        }),
        records: t.field({ type: [Cleared], resolve: (one) => (one.is === 'allowed' ? [...one.records] : []) }),
      }),
    })
  const Input = builder.inputType('AllowContactInput', {
    fields: (t) => ({
      table: t.string({ description: 'The declared table; left out: leads.', validate: { maxLength: 200 } }),
      id: t.id({ required: true }),
      reason: t.string({
        required: true,
        description: 'Kept for ever, so it must not name the person.',
        validate: { minLength: 1, maxLength: reasonLengthMax },
      }),
    }),
  })
  builder.mutationField('allowContact', (t) =>
    t.errorUnionField({
      ...requires('contact.allow'),
      types: [Allowed, refusals.Waiting, refusals.Failed, results.NotFound, ForbiddenError, InputInvalidError],
      union: { name: 'AllowContactResult' },
      description:
        'Lets the person of a record be contacted again: takes them off the list of those who are not to be, and clears the marks of all their records.',
      args: { input: t.arg({ type: Input, required: true }) },
      resolve: async (_root, { input: { table, id, reason } }, { viewer }) => {
        const name = table ?? 'leads'
        const missing = { is: 'not-found' as const, message: `There is no record ${id} in ${name}.` }
        const key = idWithin(tableNames(name).type, id)
        if (!repositories.has(name) || key === undefined) return missing
        const outcome = await engine.allowContact({ table: name, key, reason, actor: actorOf(viewer) })
        switch (outcome.is) {
          case 'allowed':
          case 'was-allowed':
            return outcome
          case 'not-found':
            return missing
          case 'reason-names-person':
            throw new InputInvalidError([
              { path: ['input', 'reason'], message: 'names the person, and would keep that for ever; say it without' },
            ])
          case 'waiting':
            return { ...outcome, message: outcome.reasons.join('; ') }
          case 'failed':
            return { is: 'failed' as const, actionId: outcome.actionId, message: outcome.reason }
        }
      },
    }),
  )
}
