import { expect, test } from 'vitest'
import { createProgram } from './program.ts'

test('a command that is asked for by its name comes alone, with the same options as among all', async () => {
  const all = await createProgram()
  for (const command of all.commands) {
    const alone = await createProgram({ only: command.name() })
    const found = alone.commands.find((one) => one.name() === command.name())
    expect(found?.helpInformation(), command.name()).toBe(command.helpInformation())
    // These tell of all the others.
    if (!['completion', 'help'].includes(command.name()))
      expect(alone.commands.length).toBeLessThan(all.commands.length)
  }
})

test('a name that is none of ours brings all, so that the nearest can be suggested', async () => {
  const all = await createProgram()
  expect((await createProgram({ only: 'plam' })).commands.length).toBe(all.commands.length)
})
