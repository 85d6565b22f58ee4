/** Events, the audit log, and the three subscriptions. */
import { isoOf } from '../../clock.ts'
import type { AuditEntryView, EnginePort, EventView, ProgressView } from '../ports.ts'
import { type Builder, pageSizeDefault, requires } from './builder.ts'
import type { ResourceTypes } from './resources.ts'
import { streamOf } from './stream.ts'

export function addEvents(builder: Builder, engine: EnginePort, resources: ResourceTypes) {
  const Event = builder.objectRef<EventView>('Event').implement({
    description: 'Something that happened. Like ones are joined into one with a count.',
    fields: (t) => ({
      cursor: t.exposeString('cursor', { description: '`events(after)` goes on from it.' }),
      at: t.field({ type: 'DateTime', resolve: (event) => isoOf(event.atMs) }),
      type: t.exposeString('type'),
      severity: t.exposeString('severity'),
      message: t.exposeString('message'),
      resource: t.field({ type: resources.Address, nullable: true, resolve: (event) => event.resource }),
      actionId: t.exposeID('actionId', { nullable: true }),
      runId: t.exposeID('runId', { nullable: true }),
      actor: t.exposeString('actor', { nullable: true }),
      count: t.exposeInt('count'),
    }),
  })
  const EventPage = builder
    .objectRef<{ readonly events: readonly EventView[]; readonly more: boolean }>('EventPage')
    .implement({
      description: 'Events with the cursor to go on from.',
      fields: (t) => ({
        events: t.field({
          type: [Event],
          complexity: { field: 0, multiplier: 1 },
          resolve: (page) => [...page.events],
        }),
        hasMore: t.exposeBoolean('more'),
      }),
    })

  const AuditEntry = builder.objectRef<AuditEntryView>('AuditEntry').implement({
    description: 'An entry of the journal; its hash covers its content and the hash of the entry before.',
    fields: (t) => ({
      seq: t.exposeInt('seq'),
      at: t.field({ type: 'DateTime', resolve: (entry) => isoOf(entry.atMs) }),
      type: t.exposeString('type'),
      actor: t.exposeString('actor'),
      resource: t.exposeString('resource', { nullable: true }),
      actionId: t.exposeID('actionId', { nullable: true }),
      runId: t.exposeID('runId', { nullable: true }),
      body: t.field({ type: 'JSON', resolve: (entry) => entry.body }),
      hash: t.exposeString('hash'),
    }),
  })
  const AuditPage = builder
    .objectRef<{ readonly entries: readonly AuditEntryView[]; readonly more: boolean }>('AuditPage')
    .implement({
      description: 'Entries of the journal, newest first.',
      fields: (t) => ({
        entries: t.field({
          type: [AuditEntry],
          complexity: { field: 0, multiplier: 1 },
          resolve: (page) => [...page.entries],
        }),
        hasMore: t.exposeBoolean('more'),
      }),
    })

  builder.queryFields((t) => ({
    events: t.field({
      ...requires('state.read'),
      type: EventPage,
      description: 'Events after a cursor, oldest first; without one the newest, newest first.',
      args: {
        after: t.arg.string(),
        first: t.arg.int({ defaultValue: pageSizeDefault, validate: { min: 1, max: 500 } }),
      },
      complexity: ({ first }) => ({ field: 1, multiplier: first ?? pageSizeDefault }),
      resolve: (_root, { after, first }) =>
        engine.events({ after: after ?? undefined, limit: first ?? pageSizeDefault }),
    }),
    auditLog: t.field({
      ...requires('audit.read'),
      type: AuditPage,
      description: 'The journal, newest first; `before` is the sequence number to go on below.',
      args: {
        before: t.arg.int(),
        actor: t.arg.string(),
        resource: t.arg.string({ description: 'kind/name' }),
        first: t.arg.int({ defaultValue: pageSizeDefault, validate: { min: 1, max: 500 } }),
      },
      complexity: ({ first }) => ({ field: 1, multiplier: first ?? pageSizeDefault }),
      resolve: (_root, { before, actor, resource, first }) =>
        engine.auditLog({
          before: before ?? undefined,
          actor: actor ?? undefined,
          resource: resource ?? undefined,
          limit: first ?? pageSizeDefault,
        }),
    }),
  }))

  const Progress = builder.objectRef<ProgressView>('Progress').implement({
    description: 'How far a run is.',
    fields: (t) => ({
      runId: t.exposeID('runId'),
      state: t.exposeString('state'),
      resource: t.field({ type: resources.Address, nullable: true, resolve: (one) => one.resource }),
      verb: t.exposeString('verb', { nullable: true }),
      done: t.exposeInt('done'),
      total: t.exposeInt('total'),
      message: t.exposeString('message'),
    }),
  })

  builder.subscriptionFields((t) => ({
    events: t.field({
      ...requires('state.read'),
      type: Event,
      description: 'Events after the cursor, then those that happen.',
      args: { after: t.arg.string() },
      subscribe: (_root, { after }) => streamOf((signal) => engine.watchEvents(after ?? undefined, signal)),
      resolve: (event) => event,
    }),
    progress: t.field({
      ...requires('state.read'),
      description: 'How a run goes that was asked for: its state, the resource at work, and how much is done.',
      type: Progress,
      args: { runId: t.arg.id({ required: true }) },
      subscribe: (_root, { runId }) => streamOf((signal) => engine.watchProgress(runId, signal)),
      resolve: (progress) => progress,
    }),
    resourceChanged: t.field({
      ...requires('state.read'),
      description: 'A resource, each time its status, conditions or drift are other ones.',
      type: resources.Resource,
      subscribe: () => streamOf((signal) => engine.watchResources(signal)),
      resolve: (resource) => resource,
    }),
  }))
}
