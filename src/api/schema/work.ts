/** What is under way at this moment, and how far it is. */
import { isoOf } from '../../clock.ts'
import type { WorkPort, WorkView } from '../work-port.ts'
import { type Builder, requires } from './builder.ts'
import type { ResourceTypes } from './resources.ts'
import { streamOf } from './stream.ts'

export function addWork(builder: Builder, port: WorkPort, { Address }: ResourceTypes): void {
  const Left = builder.objectRef<NonNullable<WorkView['left']>>('TimeLeft').implement({
    description: 'How long it still takes, by the faster and by the slower of the paces that were seen.',
    fields: (t) => ({
      fromSeconds: t.float({ resolve: ({ fromMs }) => fromMs / 1000 }),
      toSeconds: t.float({ resolve: ({ toMs }) => toMs / 1000 }),
    }),
  })
  const Unit = builder.enumType('WorkUnit', {
    description: 'What the figures of a work count.',
    values: { RECORDS: { value: 'records' }, BYTES: { value: 'bytes' } },
  })
  const Work = builder.objectRef<WorkView>('Work').implement({
    description:
      'A look, an action, an undo or a proof of a set that is under way and has lasted for a second or more.',
    fields: (t) => ({
      id: t.exposeID('id', { description: 'Of this life of the controller.' }),
      runId: t.exposeID('runId'),
      resource: t.field({ type: Address, nullable: true, resolve: ({ resource }) => resource }),
      verb: t.exposeString('verb'),
      title: t.exposeString('title', { description: 'What a person calls it.' }),
      actionId: t.exposeID('actionId', { nullable: true, description: 'The action that is carried out.' }),
      startedAt: t.field({ type: 'DateTime', resolve: ({ startedAtMs }) => isoOf(startedAtMs) }),
      unit: t.field({ type: Unit, resolve: ({ unit }) => unit, description: 'What `done` and `total` count.' }),
      done: t.exposeFloat('done', { nullable: true, description: 'Null until it reports for the first time.' }),
      total: t.exposeFloat('total', { nullable: true, description: 'Null where nobody knows it beforehand.' }),
      share: t.float({
        nullable: true,
        description: 'From 0 to 1.',
        resolve: ({ done, total }) => (done === null || total === null ? null : Math.min(1, done / total)),
      }),
      perSecond: t.exposeFloat('perSecond', { nullable: true, description: 'As of late.' }),
      left: t.field({
        type: Left,
        nullable: true,
        description: 'Null while too little is known to tell: the first seconds, an uneven pace, a silence.',
        resolve: ({ left }) => left,
      }),
      sentence: t.exposeString('sentence', { description: 'All of it for a person.' }),
    }),
  })
  const description = 'What is under way now, the oldest first.'
  builder.queryField('workUnderWay', (t) =>
    t.field({ ...requires('state.read'), type: [Work], description, resolve: () => [...port.underWay()] }),
  )
  builder.subscriptionField('workUnderWay', (t) =>
    t.field({
      ...requires('state.read'),
      type: [Work],
      description: 'What is under way now, and again whenever that changes, once a second at most.',
      subscribe: () => streamOf((signal) => port.watch(signal)),
      resolve: (works) => [...works],
    }),
  )
}
