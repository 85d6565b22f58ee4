/**
 * Which names this server answers to. A page of another site whose name is made to point here (DNS rebinding) sends its
 * own name as Host; a form or script of another site sends its own Origin.
 */

export interface HostRules {
  allowsHost(host: string | undefined): boolean
  /** An absent Origin is allowed: programs that are no browsers send none. `null` is not. */
  allowsOrigin(origin: string | undefined): boolean
}

/** Beside its own address. */
export interface FurtherNames {
  /** Where people reach it through a reverse proxy, such as `https://leads.example.com`: by that name, and by its own scheme alone. */
  readonly publicUrl?: string | undefined
  /** What programs of the own network call it, such as `trueup.trueup.svc:4000`, by plain http. */
  readonly hosts?: readonly string[]
}

/** Rules for a server listening on `host` and `port`. */
export function hostRules(host: string, port: number, { publicUrl, hosts: called = [] }: FurtherNames): HostRules {
  const own = ['127.0.0.1', 'localhost', '[::1]', host.includes(':') ? `[${host}]` : host]
  const wildcards = new Set(['0.0.0.0', '[::]'])
  const hosts = new Set(own.filter((name) => !wildcards.has(name)).map((name) => `${name}:${port}`.toLowerCase()))
  if (port === 80) for (const name of own) hosts.add(name.toLowerCase())
  for (const name of called) hosts.add(name.toLowerCase())
  const origins = new Set([...hosts].map((name) => `http://${name}`))
  if (publicUrl !== undefined) {
    const { host: name, origin } = new URL(publicUrl)
    hosts.add(name)
    origins.add(origin)
  }
  return {
    allowsHost: (given) => given !== undefined && hosts.has(given.toLowerCase()),
    allowsOrigin: (given) => given === undefined || origins.has(given.toLowerCase()),
  }
}
