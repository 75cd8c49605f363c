/** `kedge completion`: what a shell needs to complete commands, options and names. */
import { command as action } from '../command.ts';
import { scriptFor } from './scripts.ts';

const shells = ['bash', 'zsh', 'fish'] as const;

export const command = action({
  name: 'completion',
  summary: 'print what makes a shell complete kedge: bash, zsh or fish',
  description:
    'Commands and options are completed, and the names of topics, groups and profiles: those of ' +
    'the cluster that the environment or the profile in use names.',
  arguments: [{ name: 'shell', summary: 'bash, zsh or fish', choices: shells }],
  noJson: true,
  examples: [
    { command: 'source <(kedge completion bash)', summary: 'in ~/.bashrc' },
    { command: 'source <(kedge completion zsh)', summary: 'in ~/.zshrc, after compinit' },
    { command: 'kedge completion fish | source', summary: 'in ~/.config/fish/config.fish' },
  ],
  async run({ args: [shell], output }) {
    output.line(scriptFor(shell as (typeof shells)[number]));
  },
});
