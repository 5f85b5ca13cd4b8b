/* SPDX-License-Identifier: MIT */
#include "share.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "drivers/vhba/vhba_public.h"

bool lab_opens_drives = true;
static struct lab *current;

static void note_change(struct lab *lab)
{
    pthread_mutex_lock(&lab->lock);
    pthread_cond_broadcast(&lab->changed);
    pthread_mutex_unlock(&lab->lock);
}

static void log_it(const char *line)
{
    pthread_mutex_lock(&current->lock);
    snprintf(current->last_log, sizeof(current->last_log), "%s", line);
    pthread_cond_broadcast(&current->changed);
    pthread_mutex_unlock(&current->lock);
    if (getenv("LAB_VERBOSE"))
        fprintf(stderr, "# %s\n", line);
}

static void client_log_it(const char *line, void *context)
{
    (void)context;
    log_it(line);
}

static void client_changed(void *context)
{
    discs_look(&((struct lab *)context)->discs);
}

static void client_ended(const char *reason, void *context)
{
    struct lab *lab = context;

    (void)reason;
    pthread_mutex_lock(&lab->lock);
    lab->client_ends++;
    pthread_cond_broadcast(&lab->changed);
    pthread_mutex_unlock(&lab->lock);
    discs_look(&lab->discs);
}

static void discs_changed(void *context)
{
    note_change(context);
}

/* An interface's path holds its device's instance path with '#' for '\'. */
static bool path_has_instance(const char *path, const char *instance)
{
    char text[256];

    snprintf(text, sizeof(text), "%s", instance);
    for (char *at = text; *at; at++)
        if (*at == '\\')
            *at = '#';
    return strcasestr(path, text) != NULL;
}

static int local_drive(struct lab *lab, const char *path)
{
    for (unsigned i = 0; i < lab->drives; i++)
        if (path_has_instance(path, lab->instance[i]))
            return (int)i;
    return -1;
}

static bool accept_disc(const char *path, void *context)
{
    struct lab *lab = context;

    return lab_opens_drives && (atomic_load(&lab->local_too) || local_drive(lab, path) < 0);
}

bool lab_wait(struct lab *lab, bool (*condition)(struct lab *lab, void *context), void *context)
{
    for (int waited = 0; waited < LAB_WAIT_MS; waited += 5) {
        struct timespec until;

        if (condition(lab, context))
            return true;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 5000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        pthread_mutex_lock(&lab->lock);
        pthread_cond_timedwait(&lab->changed, &lab->lock, &until);
        pthread_mutex_unlock(&lab->lock);
    }
    return condition(lab, context);
}

/* ---- images ---- */

uint8_t lab_byte(uint32_t drive, uint64_t offset)
{
    uint64_t value = (offset / 8 + 1) * 0x9E3779B97F4A7C15u + drive * 0x1234567u;

    return (uint8_t)(value >> (8 * (offset % 8)) >> 3);
}

static bool is_descriptor(uint64_t offset)
{
    return offset / DISC_SECTOR == 16 && offset % DISC_SECTOR < 7;
}

static uint8_t image_byte(uint32_t drive, uint64_t offset)
{
    static const uint8_t descriptor[7] = {1, 'C', 'D', '0', '0', '1', 1};

    return is_descriptor(offset) ? descriptor[offset % DISC_SECTOR] : lab_byte(drive, offset);
}

void lab_make_image(const char *path, unsigned drive, uint32_t sectors)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    for (uint64_t offset = 0; offset < (uint64_t)sectors * DISC_SECTOR; offset++)
        putc_unlocked(image_byte(drive, offset), file);
    assert_int_equal(fclose(file), 0);
}

/* ---- the lab ---- */

void lab_start(struct lab *lab, unsigned drives, uint32_t sectors)
{
    struct net_address any = {.host = "127.0.0.1", .port = "0"};
    char bound[NET_ADDRESS_TEXT];
    char error[400] = "";
    int listener;

    memset(lab, 0, sizeof(*lab));
    current = lab;
    lab->sectors = sectors;
    lab->drives = drives;
    pthread_mutex_init(&lab->lock, NULL);
    pthread_cond_init(&lab->changed, NULL);
    strcpy(lab->folder, "/tmp/scsinet-share-XXXXXX");
    assert_non_null(mkdtemp(lab->folder));

    if (host_boot("share test", error, sizeof(error)) != 0 ||
        host_add_adapter(error, sizeof(error)) != 0 || host_add_bus(error, sizeof(error)) != 0)
        fail_msg("%s", error);
    for (unsigned i = 0; i < drives; i++) {
        snprintf(lab->image[i], sizeof(lab->image[i]), "%s/disc%u.iso", lab->folder, i);
        lab_make_image(lab->image[i], i, sectors);
        if (host_add_image(lab->image[i], lab->instance[i], sizeof(lab->instance[i]), error,
                           sizeof(error)) != 0)
            fail_msg("%s", error);
    }
    assert_int_equal(discs_start(&lab->discs, discs_changed, accept_disc, lab), 0);
    lab->server = server_create(log_it, error, sizeof(error));
    assert_non_null(lab->server);
    listener = net_listen(&any, bound, error, sizeof(error));
    assert_true(listener >= 0);
    assert_int_equal(net_parse(bound, &lab->address, error, sizeof(error)), 0);
    assert_int_equal(server_start_accepting(lab->server, listener, error, sizeof(error)), 0);
}

void lab_end(struct lab *lab)
{
    if (lab->client)
        lab_disconnect(lab);
    server_destroy(lab->server);
    discs_stop(&lab->discs);
    assert_int_equal(host_shutdown(), 0);
    for (unsigned i = 0; i < lab->drives; i++)
        unlink(lab->image[i]);
    rmdir(lab->folder);
    pthread_cond_destroy(&lab->changed);
    pthread_mutex_destroy(&lab->lock);
}

void lab_offer(struct lab *lab, unsigned drive)
{
    char error[300] = "";

    if (server_offer(lab->server, lab->instance[drive], NULL, error, sizeof(error)) != 0)
        fail_msg("%s", error);
}

void lab_unshare(struct lab *lab, unsigned drive)
{
    char error[300] = "";

    if (server_unshare(lab->server, lab->instance[drive], error, sizeof(error)) != 0)
        fail_msg("%s", error);
    discs_look(&lab->discs);
}

static bool has_connections(struct lab *lab, void *context)
{
    bool enough;

    pthread_mutex_lock(&lab->server->lock);
    enough = lab->server->next_number >= *(const unsigned *)context;
    pthread_mutex_unlock(&lab->server->lock);
    return enough;
}

void lab_connect(struct lab *lab)
{
    struct client_events events = {client_changed, client_ended, client_log_it, lab};
    char error[300] = "";
    unsigned number;

    pthread_mutex_lock(&lab->server->lock);
    number = lab->server->next_number + 1;
    pthread_mutex_unlock(&lab->server->lock);
    lab->client = client_connect(&lab->address, -1, &events, error, sizeof(error));
    if (!lab->client)
        fail_msg("%s", error);
    if (!lab_wait(lab, has_connections, &number))
        fail_msg("the server did not take the connection");
}

void lab_disconnect(struct lab *lab)
{
    client_disconnect(lab->client);
    lab->client = NULL;
    discs_look(&lab->discs);
}

/* ---- conditions ---- */

struct state_count {
    enum share_state state;
    unsigned want;
    unsigned found;
};

static void count_state(const struct share *share, const char *state, const char *client,
                        void *context)
{
    struct state_count *count = context;

    (void)state;
    (void)client;
    count->found += share->state == count->state;
}

static bool states_match(struct lab *lab, void *context)
{
    struct state_count *count = context;

    count->found = 0;
    server_status(lab->server, count_state, count);
    return count->found == count->want;
}

void lab_wait_state(struct lab *lab, enum share_state state, unsigned want)
{
    struct state_count count = {.state = state, .want = want};

    if (!lab_wait(lab, states_match, &count))
        fail_msg("%u shares are %s, not %u (%s)", count.found, share_state_name(state), want,
                 lab->last_log);
}

struct disc_search {
    struct lab *lab;
    bool remote;
    int drive; /* local only */
    unsigned want;
    struct disc *found;
};

static bool search_discs(struct lab *lab, void *context)
{
    struct disc_search *search = context;
    struct disc *disc;
    uint64_t after = 0;
    unsigned count = 0;

    if (search->found)
        disc_release(&lab->discs, search->found);
    search->found = NULL;
    while ((disc = discs_next(&lab->discs, after))) {
        int local = local_drive(lab, disc->path);

        after = disc->number;
        if (search->remote ? local < 0 : local == search->drive) {
            count++;
            if (!search->found) {
                search->found = disc;
                continue;
            }
        }
        disc_release(&lab->discs, disc);
    }
    return count == search->want;
}

struct disc *lab_wait_remote(struct lab *lab, unsigned count)
{
    struct disc_search search = {.lab = lab, .remote = true, .want = count};

    discs_look(&lab->discs);
    if (!lab_wait(lab, search_discs, &search))
        fail_msg("not %u remote drives (%s)", count, lab->last_log);
    return search.found;
}

struct disc *lab_wait_local(struct lab *lab, unsigned drive)
{
    struct disc_search search = {.lab = lab, .drive = (int)drive, .want = 1};

    atomic_store(&lab->local_too, true);
    discs_look(&lab->discs);
    if (!lab_wait(lab, search_discs, &search))
        fail_msg("drive %u is not with its own driver (%s)", drive, lab->last_log);
    return search.found;
}

/* ---- I/O ---- */

DWORD lab_read(HANDLE handle, uint32_t drive, uint32_t lba, uint32_t count)
{
    size_t size = (size_t)count * DISC_SECTOR;
    uint8_t *buffer = aligned_alloc(4096, (size + 4095) & ~(size_t)4095);
    uint64_t offset = (uint64_t)lba * DISC_SECTOR;
    OVERLAPPED overlapped = {.Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32)};
    DWORD result = ERROR_SUCCESS;
    DWORD bytes = 0;

    assert_non_null(buffer);
    overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!ReadFile(handle, buffer, (DWORD)size, NULL, &overlapped) &&
        GetLastError() != ERROR_IO_PENDING)
        result = GetLastError();
    else if (!GetOverlappedResult(handle, &overlapped, &bytes, TRUE))
        result = GetLastError();
    if (result == ERROR_SUCCESS) {
        if (bytes != size)
            result = ERROR_HANDLE_EOF;
        for (size_t i = 0; i < size && result == ERROR_SUCCESS; i++)
            if (buffer[i] != image_byte(drive, offset + i))
                result = ERROR_CRC;
    }
    CloseHandle(overlapped.hEvent);
    free(buffer);
    return result;
}

static void control_adapter(uint32_t code, void *input, size_t size)
{
    char **paths = NULL;
    HANDLE adapter;

    assert_true(ntio_get_interfaces(VHBA_INTERFACE_GUID, NULL, &paths) >= 0);
    adapter = open_interface(paths[0]);
    ntio_free_list(paths);
    assert_true(adapter != INVALID_HANDLE_VALUE);
    assert_int_equal(control_and_wait(adapter, code, input, (DWORD)size, NULL, 0, NULL), 0);
    CloseHandle(adapter);
}

static void control_hold(uint32_t code, unsigned drive, uint32_t lba, uint32_t count)
{
    VHBA_HOLD hold = {.Size = sizeof(hold), .Lun = drive, .Lba = lba, .Blocks = count};

    control_adapter(code, &hold, sizeof(hold));
}

void lab_hold(struct lab *lab, unsigned drive, uint32_t lba, uint32_t count)
{
    (void)lab;
    control_hold(IOCTL_VHBA_HOLD, drive, lba, count);
}

void lab_release(struct lab *lab, unsigned drive)
{
    (void)lab;
    control_hold(IOCTL_VHBA_RELEASE, drive, 0, 0);
}

void lab_insert(struct lab *lab, unsigned drive, const char *path)
{
    size_t size = VHBA_INSERT_HEADER + strlen(path);
    VHBA_INSERT *insert = calloc(1, sizeof(*insert) + strlen(path));

    (void)lab;
    assert_non_null(insert);
    insert->Size = (uint32_t)size;
    insert->Lun = drive;
    insert->PathLength = (uint32_t)strlen(path);
    memcpy(insert->Path, path, strlen(path));
    control_adapter(IOCTL_VHBA_INSERT, insert, size);
    free(insert);
}
