/** 204 secrets in the forms that their issuers give them, for tests that plant them and look where they come out. */

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
const variants = 12

/** Characters that look random and are the same each time; the first ones hold a capital, a small letter and a digit. */
function filler(seed: number, length: number, from = letters): string {
  let state = seed * 2_654_435_761 + 12_345
  const rest = Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return from[(state >>> 8) % from.length] ?? ''
  }).join('')
  return from === letters ? `A1b${rest}`.slice(0, length) : rest
}
const hex = (seed: number, length: number) => filler(seed, length, '0123456789abcdef')
const capitals = (seed: number, length: number) => filler(seed, length, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')

const forms: readonly ((seed: number) => string)[] = [
  (n) => `trueup_${hex(n, 12)}_${filler(n, 43)}`,
  (n) => `pat${filler(n, 14)}.${hex(n, 64)}`,
  (n) => `key${filler(n, 14)}`,
  (n) => `AKIA${capitals(n, 16)}`,
  (n) => `ASIA${capitals(n, 16)}`,
  (n) => `sk-proj-${filler(n, 40)}`,
  (n) => `rk_live_${filler(n, 24)}`,
  (n) => `ghp_${filler(n, 36)}`,
  (n) => `github_pat_11${filler(n, 40)}`,
  (n) => `glpat-${filler(n, 20)}`,
  (n) => `xoxb-${filler(n, 12, '0123456789')}-${filler(n, 24)}`,
  (n) => `https://hooks.slack.com/services/T${capitals(n, 8)}/B${capitals(n, 8)}/${filler(n, 24)}`,
  (n) => `https://discord.com/api/webhooks/${filler(n, 18, '0123456789')}/${filler(n, 60)}`,
  (n) => `AIza${filler(n, 35)}`,
  (n) => `eyJhbGciOiJIUzI1NiJ9.${filler(n, 30)}.${filler(n, 43)}`,
  (n) => `AGE-SECRET-KEY-1${capitals(n, 40)}`,
  (n) => `smtp://mailer:${filler(n, 16)}@mail.example`,
]

export interface PlantedSecret {
  /** As it would be planted. */
  readonly text: string
  /** What must come out nowhere: the secret without what only tells where it belongs. */
  readonly core: string
}

export const plantedSecrets: readonly PlantedSecret[] = forms.flatMap((form, kind) =>
  Array.from({ length: variants }, (_, n) => {
    const text = form(kind * 100 + n + 1)
    const tail = /^https:/.test(text) ? text.slice(-20) : /^smtp:/.test(text) ? text.slice(14, 30) : text
    return { text, core: tail }
  }),
)
