/** Services, jobs, backups, alerts and access name things that are there, and say nothing that has no effect. */
import { isIP } from 'node:net'
import { comparisonOf } from '../alert-metrics.ts'
import { nearest } from '../nearest.ts'
import { namesSecret } from '../secret-shapes.ts'
import { type Check, repeats } from './check.ts'
import { checkPath, isWithin } from './paths.ts'

export function checkOperations(check: Check): void {
  checkServices(check)
  checkJobs(check)
  checkPlugins(check)
  checkBackups(check)
  checkAlerts(check)
  checkAccess(check)
  checkPolicy(check)
}

function checkServices(check: Check): void {
  const names = check.names('services')
  for (const [name, service] of Object.entries(check.state.services)) {
    const path = ['services', name]
    if (service.directory !== undefined) checkPath(check, [...path, 'directory'], service.directory)
    if (service.probe?.heartbeat !== undefined)
      checkPath(check, [...path, 'probe', 'heartbeat'], service.probe.heartbeat)
    if (service.probe?.log !== undefined) checkPath(check, [...path, 'probe', 'log'], service.probe.log)
    checkEnvironment(check, path, service.environment)
    for (const [index, other] of service.dependsOn.entries()) {
      const [, section, entry] = /^(database|table)\/(.+)$/.exec(other) ?? []
      if (section !== undefined && entry !== undefined)
        check.known([...path, 'dependsOn', index], entry, check.names(`${section}s`), `a declared ${section}`)
      else if (other === name) check.problem([...path, 'dependsOn', index], 'names the service itself')
      else check.known([...path, 'dependsOn', index], other, names, 'a declared service')
    }
    if (service.command !== undefined) continue
    for (const key of ['environment', 'directory', 'limits', 'grace', 'backoff', 'log', 'restart'] as const) {
      if (check.names(...path).includes(key))
        check.warning([...path, key], 'has no effect, since Trueup does not start this service', { at: 'key' })
    }
  }
  checkCycles(check)
}

/** Services that wait for one another would never start. Each circle is told once. No recursion: chains may be long. */
function checkCycles(check: Check): void {
  const { services } = check.state
  const done = new Set<string>()
  for (const root of Object.keys(services)) {
    const trail: { readonly name: string; readonly ahead: string[] }[] = []
    const open = new Set<string>()
    const enter = (name: string): void => {
      open.add(name)
      trail.push({ name, ahead: [...(services[name]?.dependsOn ?? [])].reverse() })
    }
    if (!done.has(root)) enter(root)
    for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
      const next = top.ahead.pop()
      if (next === undefined) {
        trail.pop()
        open.delete(top.name)
        done.add(top.name)
      } else if (open.has(next)) {
        const names = trail.map(({ name }) => name)
        const circle = [...names.slice(names.indexOf(next)), next]
        // A service that names itself has been told where it does.
        if (next !== top.name)
          check.problem(['services', top.name, 'dependsOn'], `waits in a circle: ${circle.join(' → ')}`)
      } else if (!done.has(next) && services[next] !== undefined) enter(next)
    }
  }
}

function checkEnvironment(check: Check, path: readonly string[], environment: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(environment)) {
    if (typeof value === 'string' && value !== '' && namesSecret(name)) {
      check.problem([...path, 'environment', name], `is a secret by its name; write { env: ${name} } or { file: path }`)
    }
  }
}

function checkJobs(check: Check): void {
  for (const [name, job] of Object.entries(check.state.jobs)) {
    const path = ['jobs', name]
    if (job.directory !== undefined) checkPath(check, [...path, 'directory'], job.directory)
    if (job.ping !== undefined && 'file' in job.ping) checkPath(check, [...path, 'ping', 'file'], job.ping.file)
    checkEnvironment(check, path, job.environment)
    if (job.command === undefined && job.schedule !== undefined)
      check.problem([...path, 'schedule'], 'needs a command to run', { at: 'key' })
    if (job.ping !== undefined && job.succeedWithin === undefined)
      check.problem([...path, 'ping'], 'needs succeedWithin, which tells when it is late', { at: 'key' })
    if (job.command !== undefined && job.ping !== undefined)
      check.problem([...path, 'ping'], 'is for jobs that others run; this one has a command', { at: 'key' })
    if (job.command !== undefined && job.schedule === undefined)
      check.warning(path, 'has no schedule, so it runs only when somebody asks for it', { at: 'key' })
  }
}

function checkPlugins(check: Check): void {
  for (const [name, { module }] of Object.entries(check.state.plugins)) {
    const path = ['plugins', name, 'module']
    checkPath(check, path, module)
    if (!/\.m?js$/.test(module)) check.problem(path, 'must be a JavaScript module (.mjs or .js)')
  }
}

function checkBackups(check: Check): void {
  const hasAirtable = check.names().includes('airtable')
  const names = [...check.names('databases'), ...(hasAirtable ? ['airtable'] : [])]
  for (const [name, backup] of Object.entries(check.state.backups)) {
    const path = ['backups', name]
    const sources = backup.of.map((source, index) => ({ source, index }))
    for (const { source, index } of sources) check.known([...path, 'of', index], source, names, 'a declared database')
    for (const { item } of repeats(sources, ({ source }) => source))
      check.problem([...path, 'of', item.index], `names ${item.source} twice`)
    if (Object.values(backup.keep).every((count) => count === 0))
      check.problem([...path, 'keep'], 'keeps nothing', { at: 'key' })
    const isRemote = backup.to.some((place) => place.startsWith('s3://'))
    if (!isRemote && check.names(...path).includes('s3'))
      check.warning([...path, 's3'], 'has no effect, since no place of `to` begins with s3://', { at: 'key' })
    if (isRemote && backup.encryptTo.length === 0)
      check.warning(
        [...path, 'to'],
        'leaves this machine, and `encryptTo` is not declared: who can read the bucket can read the leads',
      )
    for (const [index, place] of backup.to.entries()) checkPlace(check, [...path, 'to', index], place)
  }
}

function checkPlace(check: Check, path: readonly (string | number)[], place: string): void {
  if (place.includes('${')) return
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(place)) {
    checkPath(check, path, place)
    return
  }
  if (!place.startsWith('s3://')) check.problem(path, 'must be a folder of the workspace, or s3://bucket/prefix')
  else if (!/^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[^\s]*)?$/.test(place))
    check.problem(path, 'must be s3://bucket/prefix with the name of a bucket')
}

function checkAlerts(check: Check): void {
  const channels = check.names('alerts', 'channels')
  checkPluginChannels(check)
  for (const [index, { to }] of (check.state.alerts?.reports ?? []).entries())
    check.known(['alerts', 'reports', index, 'to'], to, channels, 'a declared channel')
  for (const [index, rule] of (check.state.alerts?.rules ?? []).entries()) {
    check.known(['alerts', 'rules', index, 'to'], rule.to, channels, 'a declared channel')
    const read = comparisonOf(rule.when)
    if (read.is === 'wrong') check.problem(['alerts', 'rules', index, 'when'], read.problem)
  }
}

/** A plug-in that this text declares anew is loaded by the next start: what it adds cannot be known before. */
function checkPluginChannels({ state, pluginChannels, ...check }: Check): void {
  if (pluginChannels === undefined) return
  const { names, modules } = pluginChannels
  const isLoaded = Object.entries(state.plugins).every(([name, { module }]) => modules.get(name) === module)
  for (const [name, channel] of Object.entries(state.alerts?.channels ?? {})) {
    if (!('plugin' in channel) || names.includes(channel.plugin)) continue
    const path = ['alerts', 'channels', name, 'plugin']
    const hints = { allowed: names, didYouMean: nearest(channel.plugin, names) }
    if (isLoaded)
      check.problem(
        path,
        `names "${channel.plugin}", which no plug-in adds as a channel; correct it, or declare the plug-in under plugins`,
        hints,
      )
    else
      check.warning(
        path,
        `names "${channel.plugin}", which no loaded plug-in adds as a channel; one that was declared just now is loaded by the next start`,
        hints,
      )
  }
}

const builtInRoles = ['viewer', 'editor', 'operator', 'approver', 'admin']

function checkAccess(check: Check): void {
  const { tokens, roles, persistedOperations } = check.state.access
  checkPath(check, ['access', 'tokens', 'file'], tokens.file)
  if (persistedOperations !== undefined)
    checkPath(check, ['access', 'persistedOperations', 'file'], persistedOperations.file)
  checkProxy(check)
  const fields = [...new Set(check.names('tables').flatMap((table) => check.names('tables', table, 'fields')))]
  for (const [name, role] of Object.entries(roles)) {
    const path = ['access', 'roles', name]
    if (builtInRoles.includes(name)) check.problem(path, 'is the name of a built-in role', { at: 'key' })
    for (const [index, field] of role.unmasked.entries())
      check.known([...path, 'unmasked', index], field, fields, 'a declared field')
  }
}

function checkProxy(check: Check): void {
  const { proxy, publicUrl } = check.state.access
  if (proxy === undefined) return
  const path = ['access', 'proxy']
  for (const [index, address] of proxy.addresses.entries()) {
    const problem = networkProblem(address)
    if (problem !== undefined) check.problem([...path, 'addresses', index], problem)
  }
  const keys = proxy.jwt?.keys
  if (keys !== undefined && 'file' in keys) checkPath(check, [...path, 'jwt', 'keys', 'file'], keys.file)
  if (proxy.headers !== undefined && proxy.addresses.length === 0)
    check.problem([...path, 'headers'], 'needs addresses: anybody else could send these headers', { at: 'key' })
  const roles = [...builtInRoles, ...check.names('access', 'roles')]
  for (const [index, { role }] of proxy.roles.entries())
    check.known([...path, 'roles', index, 'role'], role, roles, 'a role')
  const signsIn = proxy.jwt !== undefined || proxy.headers !== undefined
  if (signsIn && proxy.roles.length === 0)
    check.warning(path, 'gives nobody a role, so it lets nobody in', { at: 'key' })
  if (signsIn && publicUrl === undefined)
    check.warning(path, 'needs access.publicUrl, unless the proxy sends the Host of this machine', { at: 'key' })
}

/** What is wrong with an address or network, or undefined. */
function networkProblem(text: string): string | undefined {
  const [address = '', bits] = text.split('/')
  const family = isIP(address)
  if (family === 0) return 'is no address and no network such as 10.0.0.0/8'
  if (bits === undefined) return undefined
  if (Number(bits) > (family === 4 ? 32 : 128)) return `has more than the ${family === 4 ? 32 : 128} bits of an address`
  // A network of everybody would let everybody say who they are.
  return Number(bits) === 0 ? 'stands for every address there is; name the ones of the proxy' : undefined
}

function checkPolicy(check: Check): void {
  if (check.state.policy.approvals.critical === 'auto') {
    check.warning(['policy', 'approvals', 'critical'], 'lets critical actions happen without anybody looking')
  }
  const { audit, checkpoints } = check.state.policy
  if (audit.keep !== undefined && audit.keep < checkpoints.keep)
    check.problem(
      ['policy', 'audit', 'keep'],
      'is shorter than policy.checkpoints.keep: what can be undone would have no record',
    )
  for (const [index, folder] of audit.heads.to.entries()) {
    const path = ['policy', 'audit', 'heads', 'to', index]
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(folder)) check.problem(path, 'must be a folder')
    else if (isWithin(check, folder))
      check.warning(path, 'lies in the workspace: whoever can write there can change both the journal and this copy')
  }
}
