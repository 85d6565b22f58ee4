/** Alerts: what fires, who is told, and what people ask of them. */
import { type Clock, isoOf } from '../../clock.ts'
import type {
  AlertChannelView,
  AlertDeliveryView,
  AlertPort,
  AlertRuleView,
  AlertSilenceView,
  AlertView,
} from '../alert-port.ts'
import { actorOf } from '../auth/permissions.ts'
import { type Builder, requires } from './builder.ts'
import type { Enums } from './enums.ts'
import { ForbiddenError, InputInvalidError } from './errors.ts'
import { hasTag, type Results } from './results.ts'
import { isoOrNull } from './scalars.ts'
import { reasonLengthMax } from './sizes.ts'

const deliveriesMax = 500
const silenceMinutesMax = 43_200
const nameLengthMax = 300

export function addAlerts(
  builder: Builder,
  alerts: AlertPort,
  clock: Clock,
  { enums, results }: { readonly enums: Enums; readonly results: Results },
): void {
  const Alert = builder.objectRef<AlertView>('Alert').implement({
    description: 'A rule that holds, or held a moment ago.',
    fields: (t) => ({
      key: t.exposeString('key'),
      rule: t.exposeString('rule'),
      instance: t.exposeString('instance', { description: 'Which backup or table; empty where there is one value.' }),
      severity: t.field({ type: enums.Severity, resolve: ({ severity }) => severity }),
      channel: t.exposeString('channel'),
      state: t.exposeString('state', { description: 'pending, firing or calming.' }),
      value: t.exposeFloat('value'),
      valueText: t.exposeString('valueText'),
      since: t.field({ type: 'DateTime', resolve: ({ sinceMs }) => isoOf(sinceMs) }),
      toldAt: t.field({ type: 'DateTime', nullable: true, resolve: ({ toldAtMs }) => isoOrNull(toldAtMs) }),
      next: t.exposeString('next', { description: 'What a person does about it.' }),
      silenced: t.exposeBoolean('silenced'),
    }),
  })
  const Rule = builder.objectRef<AlertRuleView>('AlertRule').implement({
    description: 'A declared rule: what has to hold for how long, and which channel is told.',
    fields: (t) => ({
      when: t.exposeString('when'),
      forSeconds: t.float({ resolve: ({ forMs }) => forMs / 1000 }),
      severity: t.field({ type: enums.Severity, resolve: ({ severity }) => severity }),
      channel: t.exposeString('channel'),
    }),
  })
  const Channel = builder.objectRef<AlertChannelView>('AlertChannel').implement({
    description: 'Where alerts go. Its address is a secret and not told.',
    fields: (t) => ({
      name: t.exposeString('name'),
      kind: t.exposeString('kind', { description: 'webhook, slack or email.' }),
      waiting: t.exposeInt('waiting', { description: 'What its target has not taken yet.' }),
      nextTryAt: t.field({ type: 'DateTime', nullable: true, resolve: ({ nextAtMs }) => isoOrNull(nextAtMs) }),
      problem: t.exposeString('problem', { nullable: true, description: 'Why the last try failed.' }),
    }),
  })
  const Delivery = builder.objectRef<AlertDeliveryView>('AlertDelivery').implement({
    description: 'An attempt to send by a channel, with its outcome.',
    fields: (t) => ({
      at: t.field({ type: 'DateTime', resolve: ({ atMs }) => isoOf(atMs) }),
      channel: t.exposeString('channel'),
      outcome: t.exposeString('outcome', { description: 'delivered, failed or given-up.' }),
      items: t.exposeInt('items'),
      detail: t.exposeString('detail'),
      tookMs: t.exposeFloat('tookMs'),
    }),
  })
  const Silence = builder.objectRef<AlertSilenceView>('AlertSilence').implement({
    description: 'Of these alerts nobody is told until then.',
    fields: (t) => ({
      id: t.exposeString('id'),
      of: t.exposeString('of', { description: 'A rule, the key of an alert, or * for all.' }),
      until: t.field({ type: 'DateTime', resolve: ({ untilMs }) => isoOf(untilMs) }),
      by: t.exposeString('by'),
      reason: t.exposeString('reason'),
    }),
  })
  const Overview = builder.objectRef<AlertPort>('Alerts').implement({
    description: 'What fires, by which rules, who is told, and what was delivered.',
    fields: (t) => ({
      items: t.field({ type: [Alert], resolve: async (port) => [...(await port.alerts())] }),
      rules: t.field({ type: [Rule], resolve: async (port) => [...(await port.rules())] }),
      channels: t.field({ type: [Channel], resolve: async (port) => [...(await port.channels())] }),
      silences: t.field({ type: [Silence], resolve: async (port) => [...(await port.silences())] }),
      deliveries: t.field({
        type: [Delivery],
        description: 'Newest first.',
        args: { limit: t.arg.int({ defaultValue: 50, validate: { min: 1, max: deliveriesMax } }) },
        resolve: async (port, { limit }) => [...(await port.deliveries(limit ?? 50))],
      }),
    }),
  })
  builder.queryField('alerts', (t) =>
    t.field({
      ...requires('state.read'),
      description: 'Alerts that hold now, with the rules, channels, silences and deliveries behind them.',
      type: Overview,
      resolve: () => alerts,
    }),
  )

  const Tested = builder
    .objectRef<{ readonly is: 'tested'; readonly channel: string }>('AlertChannelTested')
    .implement({
      description: 'The target has taken the test.',
      isTypeOf: (value) => hasTag(value, 'tested'),
      fields: (t) => ({ channel: t.exposeString('channel') }),
    })
  const Silenced = builder
    .objectRef<{ readonly is: 'silenced'; readonly silence: AlertSilenceView }>('AlertSilenced')
    .implement({
      description: 'The silence is in force.',
      isTypeOf: (value) => hasTag(value, 'silenced'),
      fields: (t) => ({ silence: t.field({ type: Silence, resolve: ({ silence }) => silence }) }),
    })
  const Lifted = builder.objectRef<{ readonly is: 'lifted'; readonly id: string }>('AlertSilenceLifted').implement({
    description: 'The silence has ended.',
    isTypeOf: (value) => hasTag(value, 'lifted'),
    fields: (t) => ({ id: t.exposeString('id') }),
  })
  const SilenceInput = builder.inputType('SilenceAlertInput', {
    fields: (t) => ({
      of: t.string({
        required: true,
        description: 'A rule as it is written, the key of an alert, or * for all.',
        validate: { minLength: 1, maxLength: nameLengthMax },
      }),
      minutes: t.int({ required: true, validate: { min: 1, max: silenceMinutesMax } }),
      reason: t.string({ required: true, validate: { minLength: 1, maxLength: reasonLengthMax } }),
    }),
  })
  const TestInput = builder.inputType('TestAlertChannelInput', {
    fields: (t) => ({ channel: t.string({ required: true }) }),
  })
  const LiftInput = builder.inputType('LiftAlertSilenceInput', {
    fields: (t) => ({ id: t.string({ required: true }) }),
  })

  builder.mutationFields((t) => ({
    testAlertChannel: t.errorUnionField({
      ...requires('state.reconcile'),
      description: 'Sends a test by a channel, now.',
      types: [Tested, ForbiddenError, InputInvalidError],
      union: { name: 'TestAlertChannelResult' },
      args: { input: t.arg({ type: TestInput, required: true }) },
      resolve: async (_root, { input: { channel } }) => {
        await alerts.test(channel)
        return { is: 'tested' as const, channel }
      },
    }),
    silenceAlert: t.errorUnionField({
      ...requires('state.reconcile'),
      description: 'Nobody is told of these alerts for a while. What still fires then is told.',
      types: [Silenced, ForbiddenError, InputInvalidError],
      union: { name: 'SilenceAlertResult' },
      args: { input: t.arg({ type: SilenceInput, required: true }) },
      resolve: async (_root, { input: { of, minutes, reason } }, { viewer }) => {
        const untilMs = clock.nowMs() + minutes * 60_000
        return { is: 'silenced' as const, silence: await alerts.silence({ of, untilMs, by: actorOf(viewer), reason }) }
      },
    }),
    liftAlertSilence: t.errorUnionField({
      ...requires('state.reconcile'),
      description: 'Ends a silence.',
      types: [Lifted, results.NotFound, ForbiddenError, InputInvalidError],
      union: { name: 'LiftAlertSilenceResult' },
      args: { input: t.arg({ type: LiftInput, required: true }) },
      resolve: async (_root, { input: { id } }, { viewer }) =>
        (await alerts.liftSilence(id, actorOf(viewer)))
          ? { is: 'lifted' as const, id }
          : { is: 'not-found' as const, message: `There is no silence ${id}.` },
    }),
  }))
}
