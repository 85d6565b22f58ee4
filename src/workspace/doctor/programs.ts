/** The programs of services, jobs and probes: whether they can be started as declared. Nothing is started. */
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { basename, delimiter, resolve } from 'node:path'
import type { Environment } from '../../desired/references.ts'
import type { DesiredState } from '../../desired/schema.ts'
import { programEnvironment } from '../../targets/process/supervision/program-environment.ts'
import { createSystemd } from '../../targets/process/systemd.ts'
import { checksOf, type DoctorCheck } from './check.ts'

const { ok, warn, fail } = checksOf('programs')

interface Program {
  /** `services.website-scraper`, also its place in the file. */
  readonly place: string
  readonly command: readonly string[]
  /** Absolute. */
  readonly directory: string
  readonly path: string
}

export async function checkPrograms(
  state: DesiredState,
  { environment, workspace }: { readonly environment: Environment; readonly workspace: string },
): Promise<readonly DoctorCheck[]> {
  const own = programEnvironment(environment).PATH ?? ''
  const programs: Program[] = []
  for (const section of ['services', 'jobs'] as const) {
    for (const [name, declared] of Object.entries(state[section])) {
      const place = `${section}.${name}`
      const given = declared.environment.PATH
      const path = typeof given === 'string' ? given : own
      const directory = resolve(workspace, declared.directory ?? '.')
      if (declared.command !== undefined) programs.push({ place, command: declared.command, directory, path })
      const exec = 'probe' in declared ? declared.probe?.exec : undefined
      if (exec !== undefined) programs.push({ place: `${place}.probe`, command: exec, directory: workspace, path: own })
    }
  }
  return [...programs.map(programCheck), ...(await unitChecks(state, environment.PATH))]
}

function programCheck({ place, command, directory, path }: Program): DoctorCheck {
  const [name = '', first] = command
  if (!isFolder(directory))
    return fail(place, `${place}: there is no folder ${directory}`, `Make it, or correct ${place}.directory.`)
  const found = executableOf(name, directory, path)
  if (found === undefined)
    return fail(
      place,
      `${place}: there is no program ${name}`,
      name.includes('/')
        ? `Correct ${place}.command; paths are meant from ${directory}.`
        : `Install ${name}, or give its full path in ${place}.command; it was looked for in ${path}.`,
    )
  if (!isExecutable(found)) return fail(place, `${place}: ${found} may not be executed`, `chmod u+x ${found}`)
  const script = scriptOf(name, first)
  if (script !== undefined && !existsSync(resolve(directory, script)))
    return fail(
      place,
      `${place}: there is no ${resolve(directory, script)}`,
      `Put the program there, or correct ${place}.command.`,
    )
  return ok(place, `${place}: ${found}${script === undefined ? '' : ` ${script}`}`)
}

/** The file that an interpreter is given; options, modules and code on the command line are none. */
function scriptOf(program: string, first: string | undefined): string | undefined {
  const isInterpreter = /^(python[\d.]*|node|sh|bash|ruby|perl)$/.test(basename(program))
  return isInterpreter && first !== undefined && !first.startsWith('-') ? first : undefined
}

/** The path of a program as execvp finds it; one in PATH that is no executable is passed over. */
function executableOf(name: string, directory: string, path: string): string | undefined {
  if (name.includes('/')) return isFile(resolve(directory, name)) ? resolve(directory, name) : undefined
  return path
    .split(delimiter)
    .map((folder) => resolve(directory, folder, name))
    .find((file) => isFile(file) && isExecutable(file))
}

async function unitChecks(state: DesiredState, path: string | undefined): Promise<readonly DoctorCheck[]> {
  const systemd = createSystemd({ path })
  const checks: DoctorCheck[] = []
  for (const [name, { systemd: unit }] of Object.entries(state.services)) {
    if (unit === undefined) continue
    const id = `services.${name}`
    const found = await systemd.show(unit)
    if (found.is === 'known') checks.push(ok(id, `${id}: ${unit} is ${found.active}`))
    else if (found.is === 'absent')
      checks.push(fail(id, `${id}: systemd has no unit ${unit}`, `Install the unit, or correct ${id}.systemd.`))
    else checks.push(warn(id, `${id}: ${found.why}`, `Run ${unit} by systemd, or declare a command or pidFile for it.`))
  }
  return checks
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
