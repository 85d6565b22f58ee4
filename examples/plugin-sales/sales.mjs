/**
 * A plug-in that adds a standardization rule and an alert channel.
 *
 *   plugins:
 *     sales: { module: plugins/sales.mjs }
 *   tables:
 *     leads: { …, fields: { title: { type: text, standardize: { job_title: { short: true } } } } }
 *   alerts:
 *     channels:
 *       board: { plugin: board, settings: { url: "http://127.0.0.1:9000/notes" }, secrets: { key: { env: BOARD_KEY } } }
 */
import { defineChannel, definePlugin, defineRule } from 'trueup'

const shortForms = new Map([
  ['chief executive officer', 'CEO'],
  ['chief technology officer', 'CTO'],
  ['vice president', 'VP'],
])

/** The whole title at once, so that the canonical form is canonical: the rule is run on its own outcome too. */
const jobTitle = defineRule({
  name: 'job_title',
  version: 1,
  summary: 'White space in order, and with `short` the usual short form of a title.',
  options(given) {
    const { short = false, ...others } = given
    if (typeof short !== 'boolean') throw new Error('short must be true or false')
    const [unknown] = Object.keys(others)
    if (unknown !== undefined) throw new Error(`${unknown} is no option; there is short`)
    return { short }
  },
  standardize(value, { short }) {
    const plain = value.replace(/\s+/g, ' ').trim()
    if (/[?]{2,}/.test(plain)) return { unmendable: 'is no title' }
    return short ? (shortForms.get(plain.toLowerCase()) ?? plain) : plain
  },
})

/** Puts a note on a board. What it throws is kept in the log of deliveries, and the note is tried again. */
const board = defineChannel({
  name: 'board',
  summary: 'Notes on the board of the sales team.',
  async send({ id, subject, text }, { settings, secret, post }) {
    const note = JSON.stringify({ id, title: subject, text })
    const status = await post(String(settings.url), note, {
      'content-type': 'application/json',
      'x-board-key': await secret('key'),
    })
    if (status >= 300) throw new Error(`the board answered ${status}`)
  },
})

export default definePlugin(() => ({ rules: [jobTitle], channels: [board] }))
