/**
 * Keeps what is shown fresh: the event stream says that something happened, and whatever is on the page is asked for again.
 * Without a stream it is asked for by time. What could not be asked for again stays, marked with its age.
 */
import { effect, signal } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import { messageOf, SignedOut, Unreachable } from '../api/client.ts'
import { subscriptions } from '../api/documents.ts'
import { listenTo } from './stream.ts'

/** How often views ask again while the stream is open, and while it is not. */
const quietPollMs = 15_000
const blindPollMs = 5_000
/** A burst of events is answered once. */
const gatherMs = 600

/** Grows whenever views should ask again. */
export const beat = signal(0)
export const signedOut = signal(false)
/** When an answer came last, and since when none comes. */
export const lastAnswerMs = signal(Date.now())
export const silentSinceMs = signal<number | null>(null)
export const streamIsOpen = signal(false)
/** The moment, for ages that are shown; it moves every few seconds. */
export const nowMs = signal(Date.now())

let gathering: ReturnType<typeof setTimeout> | undefined

/** Has every view ask again, soon. */
export function refreshSoon(): void {
  if (gathering !== undefined) return
  gathering = setTimeout(() => {
    gathering = undefined
    beat.value += 1
  }, gatherMs)
}

export function noteAnswer(): void {
  lastAnswerMs.value = Date.now()
  silentSinceMs.value = null
  signedOut.value = false
}

export function noteFailure(error: unknown): void {
  if (error instanceof SignedOut) signedOut.value = true
  else if (error instanceof Unreachable) silentSinceMs.value ??= Date.now()
}

/** Opens the stream and the timers. */
export function startLive(): void {
  openStream()
  setInterval(() => {
    nowMs.value = Date.now()
  }, 5_000)
  effect(() => {
    const everyMs = streamIsOpen.value ? quietPollMs : blindPollMs
    const timer = setInterval(() => {
      if (!document.hidden) refreshSoon()
    }, everyMs)
    return () => clearInterval(timer)
  })
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) refreshSoon()
  })
}

function openStream(): void {
  listenTo(subscriptions.events, {
    next: refreshSoon,
    opened() {
      streamIsOpen.value = true
      refreshSoon()
    },
    broken() {
      streamIsOpen.value = false
      refreshSoon()
    },
  })
}

export interface Loaded<Value> {
  readonly data: Value | undefined
  /** Why the last try failed; `data` is then what was known before. */
  readonly problem: string | undefined
  readonly loadedAtMs: number | undefined
  readonly reload: () => void
}

/** What `load` gives, asked for again at every beat. Another `key` starts anew. */
export function useLive<Value>(key: string, load: () => Promise<Value>): Loaded<Value> {
  const [state, setState] = useState<{ key: string; data?: Value; problem?: string; atMs?: number }>({ key })
  const asked = useRef(0)
  const latest = useRef(load)
  latest.current = load

  function run(): void {
    asked.current += 1
    const mine = asked.current
    latest.current().then(
      (data) => {
        noteAnswer()
        if (mine === asked.current) setState({ key, data, atMs: Date.now() })
      },
      (error: unknown) => {
        noteFailure(error)
        if (mine === asked.current) {
          setState((before) => ({ ...(before.key === key ? before : { key }), problem: messageOf(error) }))
        }
      },
    )
  }

  useEffect(() => {
    run()
    const stop = beat.subscribe(() => {
      if (beat.peek() > 0) run()
    })
    return () => {
      asked.current += 1
      stop()
    }
  }, [key])

  const mine = state.key === key ? state : { key }
  return { data: mine.data, problem: mine.problem, loadedAtMs: mine.atMs, reload: run }
}
