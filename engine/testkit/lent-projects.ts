import { afterAll } from 'vitest';
import { type CampaignSize, TestProject } from './real-project.ts';

/**
 * Projects for the tests of one file, which cost two seconds of a processor each: one that was given back has its
 * campaigns cancelled and is lent again, with a campaign of its own. Who spoils one removes it instead.
 */
export class LentProjects {
  readonly #free: TestProject[] = [];

  constructor() {
    afterAll(() => Promise.all(this.#free.splice(0).map((project) => project.remove())));
  }

  async take(size: CampaignSize): Promise<TestProject> {
    const free = this.#free.pop();
    if (!free) return TestProject.start(size);
    await free.push(size);
    return free;
  }

  async giveBack(project: TestProject): Promise<void> {
    await project.cancelAll();
    this.#free.push(project);
  }
}
