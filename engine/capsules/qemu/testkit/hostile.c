/*
 * A work unit's program that means harm: hostile VERB. The ones that go on for ever are to be ended from outside; the
 * others print a line for each thing they try: "NAME refused" or "NAME WENT THROUGH", and exit 0.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static void tell(const char *name, int went_through) {
  printf("%s %s\n", name, went_through ? "WENT THROUGH" : "refused");
  fflush(stdout);
}

static int opens(const char *path, int flags) {
  int fd = open(path, flags | O_NONBLOCK, 0666);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

static int holds(const char *path, const char *text) {
  char found[4096] = "";
  int fd = open(path, O_RDONLY);
  if (fd < 0) return 0;
  ssize_t length = read(fd, found, sizeof found - 1);
  close(fd);
  return length > 0 && strstr(found, text) != NULL;
}

static _Noreturn void hang(void) {
  for (;;) pause();
}

static _Noreturn void flood(void) {
  static char block[65536];
  memset(block, 'x', sizeof block);
  for (;;)
    if (write(1, block, sizeof block) < 0 && errno != EINTR && errno != EAGAIN) hang();
}

/* Never takes no for an answer: files as large and as many as will go, for ever. */
static _Noreturn void fill(void) {
  static char block[65536];
  for (unsigned number = 0;; number++) {
    char name[64];
    snprintf(name, sizeof name, "out/%u", number % 20000);
    int fd = open(name, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (fd < 0) continue;
    if (number % 20000 == 0)
      while (write(fd, block, sizeof block) > 0);
    close(fd);
  }
}

static _Noreturn void fork_bomb(void) {
  printf("forking\n");
  fflush(stdout);
  signal(SIGCHLD, SIG_IGN);
  for (;;)
    if (fork() == 0) setsid();
}

/* Memory of a kind that is no process's: files in a file system that is memory. */
static _Noreturn void fill_tmp(void) {
  static char block[65536];
  int fd = open("/tmp/big", O_WRONLY | O_CREAT, 0666);
  for (;;)
    if (write(fd, block, sizeof block) < 0) hang();
}

static _Noreturn void hog(void) {
  signal(SIGCHLD, SIG_IGN);
  for (int i = 0; i < 4; i++) fork();
  for (;;) {
    char *block = malloc(1 << 20);
    if (block) memset(block, 1, 1 << 20);
  }
}

/* Leaves somebody behind who goes on when it has ended. */
static int leave_behind(void) {
  if (fork() == 0) {
    setsid();
    for (;;) {
      FILE *file = fopen("out/afterwards", "a");
      if (file) {
        fputs("still here\n", file);
        fclose(file);
      }
    }
  }
  return 5;
}

static int sparse(const char *how) {
  int fd = open("out/sparse", O_RDWR | O_CREAT, 0666);
  if (!strcmp(how, "far")) {
    signal(SIGXFSZ, SIG_IGN);
    tell("write far out", pwrite(fd, "x", 1, INT64_C(1) << 62) == 1);
    tell("make it huge", ftruncate(fd, INT64_C(1) << 62) == 0);
    tell("make it a terabyte", ftruncate(fd, INT64_C(1) << 40) == 0);
    return 0;
  }
  ftruncate(fd, INT64_C(1) << 40);
  return 0;
}

/* secret: what a file of the host outside the work unit's folder holds, at that path. */
static int escape(const char *path, const char *secret) {
  symlink(path, "out/link");
  tell("read by a link", holds("out/link", secret));
  symlink("../../../../../../../../../../../../", "out/up");
  char through[8192];
  snprintf(through, sizeof through, "out/up%s", path);
  tell("read by dots", holds(through, secret));
  tell("read outright", holds(path, secret));
  tell("control files", opens("/host/tree/ctl/status", O_WRONLY));
  symlink("/host/tree/ctl", "ctl");
  tell("control files by a link", opens("ctl/status", O_WRONLY));
  tell("control files by dots", opens("../host/tree/ctl/next", O_RDONLY));
  tell("a hard link to them", link("/host/tree/ctl/status", "out/status") == 0);
  tell("move the work unit", rename("/job", "/job2") == 0);
  tell("write the software", opens("/cvmfs/program", O_WRONLY));
  tell("new software", opens("/cvmfs/other", O_WRONLY | O_CREAT));
  tell("process 1's files", opens("/proc/1/root/init", O_RDONLY));
  tell("process 1's memory", opens("/proc/1/mem", O_RDONLY));
  tell("make a device", mknod("out/mem", S_IFCHR | 0666, makedev(1, 1)) == 0);
  tell("make a pipe in the work unit", mknod("out/pipe", S_IFIFO | 0666, 0) == 0);
  tell("write the root", opens("/owned", O_WRONLY | O_CREAT));
  return 0;
}

static int rise(void) {
  struct sched_param first = {.sched_priority = 1};
  tell("become root", setuid(0) == 0 || setresuid(0, 0, 0) == 0);
  tell("groups", setgid(0) == 0);
  tell("keep new privileges", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1);
  tell("a set-user-id program", system("/bin/su -c true 2>/dev/null") == 0);
  tell("remount", mount(NULL, "/", NULL, MS_REMOUNT, NULL) == 0);
  tell("mount", mount("t", "/job", "tmpfs", 0, NULL) == 0);
  tell("unmount", umount2("/job", MNT_DETACH) == 0);
  tell("change root", chroot("/job") == 0);
  tell("a name space for users", unshare(CLONE_NEWUSER) == 0);
  tell("a name space for mounts", unshare(CLONE_NEWNS) == 0);
  tell("load a module", syscall(SYS_init_module, "", 0, "") == 0);
  tell("load a module's file", syscall(SYS_finit_module, 0, "", 0) == 0);
  tell("another kernel", syscall(SYS_kexec_load, 0, 0, NULL, 0) == 0);
  tell("restart", reboot(RB_AUTOBOOT) == 0);
  tell("system requests", opens("/proc/sysrq-trigger", O_WRONLY));
  tell("kernel settings", opens("/proc/sys/kernel/core_pattern", O_WRONLY));
  tell("kernel memory", opens("/dev/mem", O_RDWR) || opens("/proc/kcore", O_RDONLY));
  tell("ports", opens("/dev/port", O_RDWR));
  tell("the console", opens("/dev/console", O_WRONLY) || opens("/dev/ttyS0", O_WRONLY));
  tell("follow process 1", ptrace(PTRACE_ATTACH, 1, NULL, NULL) == 0);
  tell("end process 1", kill(1, SIGKILL) == 0);
  tell("its own limits", opens("/cgroup/job/memory.max", O_WRONLY) || opens("/cgroup/cgroup.procs", O_WRONLY));
  tell("first in line", sched_setscheduler(0, SCHED_FIFO, &first) == 0);
  tell("the clock", syscall(SYS_clock_settime, 0, (long[]){0, 0}) == 0);
  tell("the name", sethostname("mine", 4) == 0);
  tell("programs of the kernel", syscall(SYS_bpf, 5, NULL, 0) == 0);
  return 0;
}

int main(int argc, char **argv) {
  const char *verb = argc > 1 ? argv[1] : "";
  mkdir("out", 0777);
  if (!strcmp(verb, "hang")) hang();
  if (!strcmp(verb, "flood")) flood();
  if (!strcmp(verb, "fill")) fill();
  if (!strcmp(verb, "fork")) fork_bomb();
  if (!strcmp(verb, "fill-tmp")) fill_tmp();
  if (!strcmp(verb, "hog")) hog();
  if (!strcmp(verb, "leave-behind")) return leave_behind();
  if (!strcmp(verb, "sparse")) return sparse(argc > 2 ? argv[2] : "");
  if (!strcmp(verb, "escape") && argc > 3) return escape(argv[2], argv[3]);
  if (!strcmp(verb, "rise")) return rise();
  if (!strcmp(verb, "end-all")) kill(-1, SIGKILL);
  return 93;
}
