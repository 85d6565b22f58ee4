/** The ways by which people are told: webhook, Slack-compatible webhook, e-mail by SMTP. Everything goes out through the guard. */
import { createHmac } from 'node:crypto'
import type { SMTPTransportOptions } from 'nodemailer'
import type { SecretReference } from '../desired/references.ts'
import type { DesiredState } from '../desired/schema.ts'
import type { ChannelDefinition } from '../engine/plugin.ts'
import { messageOf, OperationalError } from '../errors.ts'
import { canonicalJson, type JsonObject } from '../json.ts'
import type { Outgoing } from '../targets/outgoing/guard.ts'
import { type Message, slackText } from './message.ts'

export type Channel = NonNullable<DesiredState['alerts']>['channels'][string]

export interface ChannelPorts {
  readonly outgoing: Outgoing
  readonly secret: (reference: SecretReference) => Promise<string>
  readonly nowMs: () => number
  /** Channels of plug-ins, by name. */
  readonly plugged: ReadonlyMap<string, ChannelDefinition>
}

export interface Parcel {
  /** The same at every try of the same things, so that a receiver knows it again. */
  readonly id: string
  readonly message: Message
  readonly document: JsonObject
}

const timeoutMs = 15_000
const answerMax = 65_536

/** What a channel is, for people. */
export function channelKind(channel: Channel): 'webhook' | 'slack' | 'email' | 'plugin' {
  if ('plugin' in channel) return 'plugin'
  return 'webhook' in channel ? 'webhook' : 'slack' in channel ? 'slack' : 'email'
}

/** Sends it. Throws ALERT_CHANNEL_UNUSABLE, OUTGOING_REFUSED, OUTGOING_FAILED; no message of these holds an address. */
export async function sendBy(
  channel: Channel,
  parcel: Parcel,
  signal: AbortSignal,
  ports: ChannelPorts,
): Promise<void> {
  if ('webhook' in channel) return sendWebhook(channel, parcel, signal, ports)
  if ('slack' in channel) {
    const url = await secretOf(channel.slack, ports)
    return post(url, { text: slackText(parcel.message) }, {}, signal, ports)
  }
  if ('plugin' in channel) return sendByPlugin(channel, parcel, signal, ports)
  return sendMail(channel.email, parcel, signal, ports)
}

/** Whatever the plug-in throws, its words go no further than to this machine: they may repeat a secret. */
async function sendByPlugin(
  channel: Extract<Channel, { plugin: string }>,
  { id, message, document }: Parcel,
  signal: AbortSignal,
  ports: ChannelPorts,
): Promise<void> {
  const plugged = ports.plugged.get(channel.plugin)
  if (plugged === undefined) {
    throw new OperationalError('ALERT_CHANNEL_UNUSABLE', `no plug-in gives a channel named ${channel.plugin}`, {
      hint: 'Declare the plug-in that has it under `plugins`, correct the name, and start Trueup anew.',
    })
  }
  try {
    await plugged.send(
      { id, subject: message.subject, text: message.text, document },
      {
        settings: channel.settings,
        signal,
        async secret(name) {
          const reference = channel.secrets[name]
          if (reference !== undefined) return secretOf(reference, ports)
          throw new OperationalError('ALERT_CHANNEL_UNUSABLE', `the channel declares no secret named ${name}`)
        },
        async post(url, body, headers = {}) {
          const request = {
            url,
            body,
            headers,
            signal,
            timeoutMs,
            answerMax,
            purpose: 'message',
            method: 'POST',
          } as const
          return (await ports.outgoing.request(request)).status
        },
      },
    )
  } catch (error) {
    if (error instanceof OperationalError) throw error
    throw new OperationalError(
      'OUTGOING_FAILED',
      `the plug-in's channel ${channel.plugin} failed: ${messageOf(error)}`,
      {
        cause: error,
      },
    )
  }
}

async function sendWebhook(
  channel: Extract<Channel, { webhook: SecretReference }>,
  { id, document }: Parcel,
  signal: AbortSignal,
  ports: ChannelPorts,
): Promise<void> {
  const url = await secretOf(channel.webhook, ports)
  const headers: Record<string, string> = { 'x-trueup-delivery': id }
  if (channel.sign !== undefined) {
    const atSeconds = Math.floor(ports.nowMs() / 1000)
    const key = await secretOf(channel.sign, ports)
    headers['x-trueup-signature'] = signatureOf(key, canonicalJson(document), atSeconds)
  }
  return post(url, document, headers, signal, ports)
}

/** `t=SECONDS,v1=HEX`: the HMAC-SHA-256 of `SECONDS.BODY`, so that an old document cannot be sent again as a new one. */
export function signatureOf(key: string, body: string, atSeconds: number): string {
  return `t=${atSeconds},v1=${createHmac('sha256', key).update(`${atSeconds}.${body}`).digest('hex')}`
}

async function post(
  url: string,
  document: JsonObject,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  { outgoing, nowMs }: ChannelPorts,
): Promise<void> {
  const { status, retryAfterSeconds } = await outgoing.request({
    ...{ url, signal, timeoutMs, answerMax },
    purpose: 'message',
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: canonicalJson(document),
  })
  if (status >= 200 && status < 300) return
  const isRedirect = status >= 300 && status < 400
  throw new OperationalError(
    'OUTGOING_FAILED',
    `the target answered ${status}${isRedirect ? ', which leads elsewhere; it is not followed' : ''}`,
    retryAfterSeconds === undefined ? {} : { retryAtMs: nowMs() + retryAfterSeconds * 1000 },
  )
}

async function secretOf(reference: SecretReference, { secret }: ChannelPorts): Promise<string> {
  try {
    return await secret(reference)
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    throw new OperationalError('ALERT_CHANNEL_UNUSABLE', error.message, { cause: error })
  }
}

interface MailServer {
  readonly host: string
  readonly port: number
  readonly isTls: boolean
  readonly auth: { readonly user: string; readonly pass: string } | undefined
  readonly from: string
}

/** Reads `smtps://user:password@host:465?from=trueup@example.com`. Throws ALERT_CHANNEL_UNUSABLE without repeating it. */
export function mailServerOf(text: string): MailServer {
  const hint =
    'Write smtps://USER:PASSWORD@HOST:465, or smtp://… for STARTTLS, with ?from=ADDRESS where USER is no address.'
  const unusable = (problem: string) => new OperationalError('ALERT_CHANNEL_UNUSABLE', problem, { hint })
  if (!URL.canParse(text)) throw unusable('the address of the mail server is none')
  const url = new URL(text)
  if (url.protocol !== 'smtp:' && url.protocol !== 'smtps:')
    throw unusable('the address of the mail server begins with neither smtp nor smtps')
  if (url.hostname === '') throw unusable('the address of the mail server names no host')
  const isTls = url.protocol === 'smtps:'
  const user = decodeURIComponent(url.username)
  const from = url.searchParams.get('from') ?? (user.includes('@') ? user : `trueup@${url.hostname}`)
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (isTls ? 465 : 587) : Number(url.port),
    isTls,
    auth: user === '' ? undefined : { user, pass: decodeURIComponent(url.password) },
    from,
  }
}

async function sendMail(
  email: Extract<Channel, { email: unknown }>['email'],
  { id, message }: Parcel,
  signal: AbortSignal,
  ports: ChannelPorts,
): Promise<void> {
  const server = mailServerOf(await secretOf(email.smtp, ports))
  const { host, port, isTls, auth, from } = server
  // Loaded here alone: most starts send no mail.
  const { createTransport } = await import('nodemailer')
  const socket = await ports.outgoing.connect({ host, port, purpose: 'message', timeoutMs, signal })
  const isLocal = host === 'localhost' || host === '::1' || host.startsWith('127.')
  const options: SMTPTransportOptions = {
    ...{
      host,
      port,
      secure: isTls,
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
    },
    // A password is never sent in the clear over a network.
    ...(auth === undefined ? {} : { auth, requireTLS: !isTls && !isLocal }),
    ...{ disableFileAccess: true, disableUrlAccess: true },
    getSocket: (_options, callback) => callback(null, { connection: socket }),
  }
  const transport = createTransport(options)
  const abort = () => socket.destroy()
  signal.addEventListener('abort', abort, { once: true })
  const timer = setTimeout(abort, timeoutMs * 2)
  try {
    await transport.sendMail({
      ...{ from, to: [...email.to], subject: message.subject, text: message.text },
      messageId: `<${id}@trueup>`,
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Trueup-Delivery': id },
    })
  } catch (error) {
    throw new OperationalError('OUTGOING_FAILED', mailFailure(error), { cause: error })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
    transport.close()
    socket.destroy()
  }
}

/** The server's words may repeat addresses; its code does not. */
function mailFailure(error: unknown): string {
  const code = error instanceof Error && 'responseCode' in error ? `answered ${String(error.responseCode)}` : undefined
  const name = error instanceof Error && 'code' in error ? String(error.code) : messageOf(error)
  return `the mail server ${code ?? `cannot be used: ${name}`}`
}
