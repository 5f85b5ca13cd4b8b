/* SPDX-License-Identifier: MIT */
/*
 * Reads of a file of a real mount: each is counted at every layer between the file and the image,
 * with any of the drivers gone they fail, and after a change of media nothing of the old one comes.
 *
 * The reader is a process of its own (this program again, with the file as its argument): one that
 * serves a mount and waits for a read of it can't even be killed.
 */
#include "share.h"
#include "scsinet/attach/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONTROL = 0x0E, INTERNAL = 0x0F, READ = 3 };
#define EXECUTE  0x00040006u
#define COMPLETE 0x0004000Du

struct mounted {
    struct lab lab;
    struct fuse_face *face;
    char directory[96], file[160];
    pid_t reader;
    int ask, answer; /* pipes to and from it */
};

/* ---- the reader ---- */

/* What is asked of the reader: a read of the open file, or (size 0) its size by name. */
struct question {
    uint64_t offset;
    uint32_t size;
};
/* Followed by `size` bytes; or with size 0, `value` is the file's size. */
struct answer {
    int32_t error;
    uint32_t size;
    uint64_t value;
};
#define LARGEST_READ 16384

static bool all_of(int fd, void *data, size_t size, bool out)
{
    for (size_t done = 0; done < size;) {
        ssize_t moved = out ? write(fd, (char *)data + done, size - done)
                            : read(fd, (char *)data + done, size - done);

        if (moved <= 0)
            return false;
        done += (size_t)moved;
    }
    return true;
}

static int reader_main(const char *path)
{
    static uint8_t buffer[LARGEST_READ];
    struct question question;
    int fd = open(path, O_RDONLY);

    while (all_of(STDIN_FILENO, &question, sizeof(question), false)) {
        struct answer answer = {.error = fd < 0 ? ENOENT : 0};
        struct stat about;
        ssize_t got;

        if (question.size == 0) {
            answer.error = stat(path, &about) != 0 ? errno : 0;
            answer.value = answer.error == 0 ? (uint64_t)about.st_size : 0;
        } else if (fd >= 0) {
            got = pread(fd, buffer, question.size, (off_t)question.offset);
            answer.error = got < 0 ? errno : 0;
            answer.size = got < 0 ? 0 : (uint32_t)got;
        }
        if (!all_of(STDOUT_FILENO, &answer, sizeof(answer), true) ||
            !all_of(STDOUT_FILENO, buffer, answer.size, true))
            return 1;
    }
    return 0;
}

static void reader_start(struct mounted *m)
{
    char *arguments[] = {"test-share-fuse", m->file, NULL};
    posix_spawn_file_actions_t actions;
    int in[2], out[2];

    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    assert_int_equal(posix_spawn(&m->reader, "/proc/self/exe", &actions, NULL, arguments, environ),
                     0);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    m->ask = in[1];
    m->answer = out[0];
}

static void reader_end(struct mounted *m)
{
    int status;

    close(m->ask);
    assert_int_equal(waitpid(m->reader, &status, 0), m->reader);
    assert_int_equal(status, 0);
    close(m->answer);
}

/* Reads `size` bytes at `offset`: 0 and they are those of `drive`'s image, or an errno. */
static int read_at(struct mounted *m, unsigned drive, uint64_t offset, uint32_t size)
{
    static uint8_t buffer[LARGEST_READ];
    struct question question = {offset, size};
    struct answer answer;

    assert_true(size <= sizeof(buffer) && offset / DISC_SECTOR > 16);
    assert_true(all_of(m->ask, &question, sizeof(question), true));
    assert_true(all_of(m->answer, &answer, sizeof(answer), false));
    if (answer.error)
        return answer.error;
    assert_int_equal(answer.size, size);
    assert_true(all_of(m->answer, buffer, size, false));
    for (size_t i = 0; i < size; i++)
        assert_int_equal(buffer[i], lab_byte(drive, offset + i));
    return 0;
}

static uint64_t size_of(struct mounted *m)
{
    struct question question = {0};
    struct answer answer;

    assert_true(all_of(m->ask, &question, sizeof(question), true));
    assert_true(all_of(m->answer, &answer, sizeof(answer), false));
    assert_int_equal(answer.error, 0);
    return answer.value;
}

/* IRPs by where they were seen; on any thread, at any IRQL. */
static struct {
    atomic_uint class_reads, child_srbs, completes, executes, adapter_srbs;
} seen;

static void count(const ntio_irp_event *event, void *context)
{
    (void)context;
    if (event->step != NTIO_IRP_CALL)
        return;
    if (strcmp(event->driver, "cdrom") == 0 && event->major == READ)
        atomic_fetch_add(&seen.class_reads, 1);
    else if (strcmp(event->driver, "scsiclient") == 0 && event->major == INTERNAL)
        atomic_fetch_add(&seen.child_srbs, 1);
    else if (strcmp(event->driver, "scsiclient") == 0 && event->io_control_code == COMPLETE)
        atomic_fetch_add(&seen.completes, 1);
    else if (strcmp(event->driver, "scsiserver") == 0 && event->io_control_code == EXECUTE)
        atomic_fetch_add(&seen.executes, 1);
    else if (strcmp(event->driver, "vhba") == 0 && event->major == INTERNAL)
        atomic_fetch_add(&seen.adapter_srbs, 1);
}

static void mount_start(struct mounted *m)
{
    char error[256] = "";
    struct disc *disc;

    if (access("/dev/fuse", R_OK | W_OK) != 0) {
        print_message("no /dev/fuse\n");
        skip();
    }
    memset(&seen, 0, sizeof(seen));
    lab_start(&m->lab, 1, 300);
    lab_offer(&m->lab, 0);
    lab_connect(&m->lab);
    disc = lab_wait_remote(&m->lab, 1);
    snprintf(m->directory, sizeof(m->directory), "%s/mount", m->lab.folder);
    snprintf(m->file, sizeof(m->file), "%s/%s/disc.iso", m->directory, disc->name);
    disc_release(&m->lab.discs, disc);
    assert_int_equal(mkdir(m->directory, 0700), 0);
    m->face = fuse_face_start(m->directory, &m->lab.discs, error, sizeof(error));
    if (!m->face)
        fail_msg("%s", error);
    reader_start(m);
    assert_int_equal(size_of(m), 300 * DISC_SECTOR); /* it has opened the file */
}

static void mount_end(struct mounted *m)
{
    reader_end(m);
    fuse_face_stop(m->face);
    rmdir(m->directory);
    lab_end(&m->lab);
}

static void every_read_passes_every_layer_once(void **state)
{
    enum { READS = 200 };
    struct mounted m;

    (void)state;
    mount_start(&m);
    ntio_set_irp_trace(count, NULL);
    for (unsigned i = 0; i < READS; i++)
        assert_int_equal(read_at(&m, 0, (uint64_t)(17 + i) * DISC_SECTOR + i, 4096), 0);
    ntio_set_irp_trace(NULL, NULL);
    assert_int_equal(atomic_load(&seen.class_reads), READS);
    assert_int_equal(atomic_load(&seen.child_srbs), READS);
    assert_int_equal(atomic_load(&seen.executes), READS);
    assert_int_equal(atomic_load(&seen.adapter_srbs), READS);
    assert_int_equal(atomic_load(&seen.completes), READS);
    mount_end(&m);
}

/* ---- without one of the drivers ---- */

struct search {
    const char *service; /* of the device */
    char instance[256];
};

static bool match(const ntio_device *device, void *context)
{
    struct search *search = context;

    if (strcasecmp(device->service, search->service) != 0)
        return true;
    snprintf(search->instance, sizeof(search->instance), "%s", device->instance);
    return false;
}

/* The device that the driver serves is pulled out from under it; scsiserver's is unshared. */
static void take_away(struct lab *lab, const char *service)
{
    struct search search = {.service = service};

    if (strcmp(service, "scsiserver") == 0) {
        lab_unshare(lab, 0);
        return;
    }
    ntio_enumerate_devices(match, &search);
    assert_true(search.instance[0] != '\0');
    assert_true(ntio_remove_device(search.instance, true) >= 0);
}

static void without_any_one_driver_reads_fail(void **state)
{
    static const char *const which[] = {"cdrom", "scsiclient", "scsiserver", "vhba"};

    (void)state;
    for (unsigned i = 0; i < sizeof(which) / sizeof(which[0]); i++) {
        struct mounted m;

        mount_start(&m);
        assert_int_equal(read_at(&m, 0, 40 * DISC_SECTOR, 2048), 0);
        take_away(&m.lab, which[i]);
        assert_int_equal(read_at(&m, 0, 40 * DISC_SECTOR, 2048), EIO);
        mount_end(&m);
    }
}

/* ---- another medium ---- */

static void nothing_of_the_old_medium_comes(void **state)
{
    struct mounted m;
    char other[128];

    (void)state;
    mount_start(&m);
    snprintf(other, sizeof(other), "%s/other.iso", m.lab.folder);
    lab_make_image(other, 1, 400);
    for (unsigned turn = 0; turn < 4; turn++) {
        unsigned now = turn % 2; /* which image is in */
        uint64_t sectors = now == 0 ? 300 : 400;

        assert_int_equal(size_of(&m), sectors * DISC_SECTOR);
        for (unsigned lba = 17; lba < 300; lba += 7)
            assert_int_equal(read_at(&m, now, (uint64_t)lba * DISC_SECTOR, 4096), 0);
        assert_int_equal(read_at(&m, now, (sectors - 2) * DISC_SECTOR, 4096), 0);
        assert_int_equal(read_at(&m, now, 20 * DISC_SECTOR + 3, 2000), 0);
        lab_insert(&m.lab, 0, now == 0 ? other : m.lab.image[0]);
        /* The file that is open, without anybody having looked at the size: the new one's bytes. */
        assert_int_equal(read_at(&m, !now, 20 * DISC_SECTOR, 4096), 0);
    }
    mount_end(&m);
    unlink(other);
    rmdir(m.lab.folder);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_read_passes_every_layer_once),
        cmocka_unit_test(without_any_one_driver_reads_fail),
        cmocka_unit_test(nothing_of_the_old_medium_comes),
    };

    if (argc == 2)
        return reader_main(argv[1]);
    return cmocka_run_group_tests_name("share-fuse", tests, NULL, NULL);
}
