/** The files of deploy/: they parse, and every name, port, path and user that one of them refers to is there in the others. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { createProgram } from '../../src/cli/program.ts'
import { parseDesiredState } from '../../src/desired/load.ts'
import { standardizeRules } from '../../src/values/rules/index.ts'
import { removeFolder } from '../support/remove.ts'
import { root, textOf } from './files.ts'
import { blocksOf, commandsOf } from './walk/blocks.ts'

const server = textOf('src/api/http/server.ts')
const runOptions = (await createProgram()).commands.find((one) => one.name() === 'run')?.options.map(({ long }) => long)
const optionsIn = (args: readonly string[]) => args.filter((one) => one.startsWith('--'))
const has = (program: string) => {
  try {
    execFileSync('which', [program], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe('deploy/docker', () => {
  const lines = textOf('deploy/docker/Dockerfile')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  const steps = lines
    .map((line) => /^([A-Z]+) (.*)$/.exec(line))
    .map((found) => ({ verb: found?.[1], rest: found?.[2] ?? '' }))
  const last = (verb: string) => steps.filter((step) => step.verb === verb).at(-1)?.rest ?? ''

  it('copies what there is, runs scripts that there are, and leaves neither compiler nor sources in what runs', () => {
    for (const { verb, rest } of steps) {
      if (verb === 'COPY' && !rest.startsWith('--from'))
        for (const source of rest.split(' ').slice(0, -1)) expect(existsSync(join(root, source)), source).toBe(true)
      const script = /^npm run ([a-z:]+)$/.exec(rest)?.[1]
      const { scripts } = z
        .object({ scripts: z.record(z.string(), z.string()) })
        .parse(JSON.parse(textOf('package.json')))
      if (verb === 'RUN' && script !== undefined) expect(Object.keys(scripts)).toContain(script)
    }
    const final = steps.slice(steps.findLastIndex(({ verb }) => verb === 'FROM'))
    expect(final[0]?.rest).toMatch(/-slim$/)
    expect(final.filter(({ verb }) => verb === 'COPY').every(({ rest }) => rest.startsWith('--from=build '))).toBe(true)
  })

  it('is no root, is asked on a path and port that answer, and starts with options that there are', () => {
    expect(last('USER')).toMatch(/^[1-9]\d+:[1-9]\d+$/)
    const port = last('EXPOSE')
    expect(last('HEALTHCHECK')).toContain(`http://127.0.0.1:${port}/livez`)
    expect(server).toContain("case '/livez'")
    const command = z.array(z.string()).parse(JSON.parse(last('CMD')))
    expect(command).toEqual(expect.arrayContaining(['run', '--port', port]))
    expect(runOptions).toEqual(expect.arrayContaining(optionsIn(command)))
    const compose = z
      .object({
        services: z.object({
          trueup: z.looseObject({ ports: z.array(z.string()) }),
          litestream: z.looseObject({ user: z.string() }),
        }),
      })
      .parse(parse(textOf('deploy/docker/compose.yaml')))
    expect(compose.services.trueup.ports).toEqual([`127.0.0.1:${port}:${port}`])
    expect(compose.services.litestream.user).toBe(last('USER'))
  })
})

describe('deploy/systemd', () => {
  const unit = textOf('deploy/systemd/trueup.service')

  it('starts with options that there are', () => {
    const command = /^ExecStart=(.*)$/m.exec(unit)?.[1] ?? ''
    expect(command).toContain('trueup run --state /srv/leads/desired-state.yaml')
    expect([...(runOptions ?? []), '--state']).toEqual(expect.arrayContaining(optionsIn(command.split(' '))))
  })

  it('is what the steps of docs/OPERATIONS.md install: its package, user, folder, secrets and port', () => {
    const steps = blocksOf('docs/OPERATIONS.md', textOf('docs/OPERATIONS.md'))
      .filter(({ language }) => language === 'sh')
      .flatMap(commandsOf)
      .map(({ text }) => text)
    const setting = (name: string) => new RegExp(`^${name}=-?(.*)$`, 'm').exec(unit)?.[1] ?? ''
    const [user, group, folder] = [setting('User'), setting('Group'), setting('WorkingDirectory')]
    const started = setting('ExecStart').split(' ')
    const argumentAfter = (option: string) => started[started.indexOf(option) + 1] ?? ''
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(textOf('package.json')))
    const port = argumentAfter('--port')
    expect(steps).toEqual(
      expect.arrayContaining([
        `sudo npm install --global ./trueup-${version}.tgz`,
        `sudo useradd --system --home-dir ${folder} ${user}`,
        `sudo install -d -o ${user} -g ${group} -m 700 ${folder} ${folder}/data`,
        `sudo install -m 600 trueup.env ${setting('EnvironmentFile')}`,
        'sudo cp deploy/systemd/trueup.service /etc/systemd/system/trueup.service',
        `ssh -N -L ${port}:127.0.0.1:${port} USER@MACHINE`,
      ]),
    )
    const asUser = steps.filter((step) => step.startsWith('sudo -u '))
    expect(asUser.length).toBeGreaterThan(2)
    for (const step of asUser) {
      expect(step).toMatch(new RegExp(`^sudo -u ${user} trueup `))
      expect(step).toContain(` --state ${argumentAfter('--state')}`)
    }
  })

  it.runIf(has('systemd-analyze'))('is accepted by systemd, and is well confined', () => {
    const folder = mkdtempSync(join(tmpdir(), 'unit-'))
    const file = join(folder, 'trueup.service')
    writeFileSync(file, unit)
    execFileSync('systemd-analyze', ['verify', '--man=no', file], { stdio: 'pipe' })
    const told = execFileSync('systemd-analyze', ['security', '--offline=true', file], { encoding: 'utf8' })
    expect(Number(/exposure level for trueup\.service: ([\d.]+)/.exec(told)?.[1])).toBeLessThan(2.5)
    removeFolder(folder)
  })
})

describe('deploy/kubernetes', () => {
  const base = 'deploy/kubernetes/base'
  const named = z.looseObject({ name: z.string() })
  const container = z.looseObject({
    name: z.string(),
    args: z.array(z.string()).optional(),
    ports: z.array(z.looseObject({ name: z.string(), containerPort: z.number() })).optional(),
    volumeMounts: z.array(named),
    securityContext: z.looseObject({
      allowPrivilegeEscalation: z.literal(false),
      readOnlyRootFilesystem: z.literal(true),
    }),
    livenessProbe: z.looseObject({ httpGet: z.looseObject({ path: z.string(), port: z.string() }) }).optional(),
    readinessProbe: z.looseObject({ httpGet: z.looseObject({ path: z.string(), port: z.string() }) }).optional(),
  })
  const set = z
    .looseObject({
      spec: z.looseObject({
        serviceName: z.string(),
        replicas: z.literal(1),
        template: z.looseObject({
          spec: z.looseObject({
            securityContext: z.looseObject({ runAsNonRoot: z.literal(true) }),
            initContainers: z.array(container),
            containers: z.array(container),
            volumes: z.array(z.looseObject({ name: z.string(), configMap: named.optional() })),
          }),
        }),
        volumeClaimTemplates: z.array(z.looseObject({ metadata: named })),
      }),
    })
    .parse(parse(textOf(`${base}/statefulset.yaml`)))
  const kustomization = z
    .looseObject({
      resources: z.array(z.string()),
      configMapGenerator: z.array(z.object({ name: z.string(), files: z.array(z.string()) })),
    })
    .parse(parse(textOf(`${base}/kustomization.yaml`)))
  const { containers, initContainers, volumes } = set.spec.template.spec

  it('refers to files, volumes, config maps, ports and paths that there are', () => {
    for (const file of [...kustomization.resources, ...kustomization.configMapGenerator.flatMap(({ files }) => files)])
      expect(existsSync(join(root, base, file)), file).toBe(true)
    const claimed = [
      ...volumes.map(({ name }) => name),
      ...set.spec.volumeClaimTemplates.map(({ metadata }) => metadata.name),
    ]
    for (const { volumeMounts } of [...containers, ...initContainers])
      for (const { name } of volumeMounts) expect(claimed).toContain(name)
    const maps = kustomization.configMapGenerator.map(({ name }) => name)
    for (const { configMap } of volumes) if (configMap !== undefined) expect(maps).toContain(configMap.name)
    const ports = containers.flatMap((one) => one.ports ?? [])
    const service = parse(textOf(`${base}/service.yaml`))
    expect(service).toMatchObject({
      metadata: { name: set.spec.serviceName },
      spec: { ports: [{ targetPort: ports[0]?.name, port: 4000 }] },
    })
    for (const { livenessProbe, readinessProbe, args } of containers) {
      for (const probe of [livenessProbe, readinessProbe]) {
        if (probe === undefined) continue
        expect(ports.map(({ name }) => name)).toContain(probe.httpGet.port)
        expect(server).toContain(`case '${probe.httpGet.path}'`)
      }
      if (args?.[0] === 'run') expect(runOptions).toEqual(expect.arrayContaining(optionsIn(args)))
    }
  })

  it('has a desired state that is valid', () => {
    const parsed = parseDesiredState(textOf(`${base}/desired-state.yaml`), {
      file: 'desired-state.yaml',
      environment: {},
      workspace: tmpdir(),
      rules: standardizeRules,
    })
    expect(parsed.is).toBe('valid')
    expect(readFileSync(join(root, base, 'litestream.yml'), 'utf8')).toBe(textOf('deploy/docker/litestream.yml'))
  })

  it.runIf(has('kubectl'))('renders, with and without monitoring', () => {
    for (const [folder, kinds] of [
      ['base', 6],
      ['monitoring', 7],
    ] as const) {
      const text = execFileSync('kubectl', ['kustomize', join(root, 'deploy/kubernetes', folder)], { encoding: 'utf8' })
      const documents = parseAllDocuments(text).map((one) => z.looseObject({ kind: z.string() }).parse(one.toJS()))
      expect(documents).toHaveLength(kinds)
    }
  })
})
