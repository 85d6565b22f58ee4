/** The packages that a build contains, and their licences as they want to be passed on with it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The folder of the package that a module belongs to; undefined for a module of our own. */
function folderOf(module) {
  return /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(module)?.[1]
}

/** The packages of modules, which are given as absolute paths: folder, name, version and licence of each. */
export function packagesOf(modules) {
  const folders = [...new Set(modules.map(folderOf))].filter(
    (folder) => folder !== undefined && existsSync(join(folder, 'package.json')),
  )
  return folders
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      return { folder, name, version, license }
    })
    .sort((a, b) => `${a.name} ${a.version}`.localeCompare(`${b.name} ${b.version}`, 'en'))
}

/** Name, version, licence and its text for every package. */
export function licensesOf(packages) {
  const notices = packages.map(({ folder, name, version, license }) => {
    const texts = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
    const text = texts.map((file) => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n')
    return `${name} ${version} (${license})\n\n${text}`
  })
  return `${notices.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}
