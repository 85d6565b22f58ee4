/** What a declared proxy and a declared audit can get wrong: each would let in, or lose, what it should not. */
import { describe, expect, test } from 'vitest'
import { standardizeRules } from '../../values/rules/index.ts'
import { parseDesiredState } from '../load.ts'

function read(entry: string) {
  const text = `apiVersion: trueup/v1\nname: access\n${entry}\n`
  const environment = {}
  return parseDesiredState(text, { file: 'x.yaml', workspace: '/workspace', environment, rules: standardizeRules })
}
const problemsOf = (entry: string) => {
  const parsed = read(entry)
  return parsed.is === 'valid' ? 'valid' : parsed.problems.map(({ path, message }) => `${path} ${message}`).join('; ')
}
const jwt = 'keys: { url: "https://login.example/jwks" }, issuer: i, audience: a'
const proxy = (text: string) => problemsOf(`access: { publicUrl: "https://x.example", proxy: { ${text} } }`)
const role = 'roles: [{ group: g, role: viewer }]'

describe('a declared proxy', () => {
  test('is taken as it is meant: defaults, one audience or more, names of headers in any case', () => {
    const parsed = read(
      `access: { publicUrl: "https://X.example/", proxy: { jwt: { ${jwt}, header: X-Id }, ${role} } }`,
    )
    if (parsed.is !== 'valid') throw new Error(JSON.stringify(parsed.problems))
    expect(parsed.state.access.publicUrl).toBe('https://x.example')
    expect(parsed.state.access.proxy?.jwt).toMatchObject({
      ...{ header: 'x-id', audience: ['a'], algorithms: ['RS256', 'ES256'], clockSkew: 30_000 },
      ...{ subject: 'sub', groups: 'groups' },
    })
  })

  test.each([
    [`jwt: { ${jwt}, algorithms: [HS256] }, ${role}`, /algorithms/],
    [`jwt: { ${jwt}, algorithms: [none] }, ${role}`, /algorithms/],
    [`jwt: { ${jwt.replace('https', 'http')} }, ${role}`, /https address/],
    [`jwt: { keys: { file: ../jwks.json }, issuer: i, audience: a }, ${role}`, /outside the workspace/],
    [`jwt: { ${jwt}, header: Cookie }, ${role}`, /meaning of its own/],
    [`jwt: { ${jwt}, clockSkew: 1h }, ${role}`, /at most 5m/],
    [`jwt: { ${jwt} }, headers: { subject: X-User }, addresses: [127.0.0.1], ${role}`, /either jwt or headers/],
    [`headers: { subject: X-User }, ${role}`, /needs addresses/],
    [`headers: { subject: X-User }, addresses: [10.0.0.300], ${role}`, /no address/],
    [`headers: { subject: X-User }, addresses: [10.0.0.0/33], ${role}`, /32 bits/],
    [`headers: { subject: X-User }, addresses: ["0.0.0.0/0"], ${role}`, /every address there is/],
    [`jwt: { ${jwt} }, roles: [{ group: g, role: vewer }]`, /vewer.*not a role/],
    [`jwt: { ${jwt} }, roles: [{ group: g, subject: s, role: viewer }]`, /either group or subject/],
  ])('%s is refused', (text, problem) => {
    expect(proxy(text)).toMatch(problem)
  })

  test('that would let nobody in is told', () => {
    const parsed = read(`access: { proxy: { jwt: { ${jwt} } } }`)
    expect(parsed.is === 'valid' && parsed.warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining('lets nobody in'),
      expect.stringContaining('needs access.publicUrl'),
    ])
  })

  test.each(['ftp://x.example', 'https://x.example/path', 'x.example', 'https://x.example:99999999'])(
    '%s is no public address',
    (url) => {
      expect(problemsOf(`access: { publicUrl: "${url}" }`)).toMatch(/must be an address without a path/)
    },
  )
})

describe('a declared audit', () => {
  test('keeps entries at least as long as what can be undone', () => {
    expect(problemsOf('policy: { audit: { keep: 29d } }')).toMatch(/shorter than policy.checkpoints.keep/)
    expect(problemsOf('policy: { audit: { keep: 30d } }')).toBe('valid')
  })

  test('warns of copies of heads that lie in the workspace', () => {
    const warnings = (folder: string) => {
      const parsed = read(`policy: { audit: { heads: { to: ["${folder}"] } } }`)
      return parsed.is === 'valid' ? parsed.warnings.map(({ message }) => message) : parsed.problems
    }
    expect(warnings('kept')).toEqual([expect.stringContaining('lies in the workspace')])
    expect(warnings('/mnt/audit')).toEqual([])
    expect(problemsOf('policy: { audit: { heads: { to: ["s3://x/y"] } } }')).toMatch(/must be a folder/)
  })
})
