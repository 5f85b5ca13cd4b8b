/* SPDX-License-Identifier: MIT */
/* Sharing as such: contents, ends of the disc, requests that are held, cancel, who has a device. */
#include "share.h"

#include <stdlib.h>
#include <string.h>

static void share_reads_what_the_image_holds(void **state)
{
    struct lab lab;
    struct disc *disc;

    (void)state;
    lab_start(&lab, 1, 600);
    lab_offer(&lab, 0);
    lab_connect(&lab);
    lab_wait_state(&lab, SHARE_ACTIVE, 1);
    disc = lab_wait_remote(&lab, 1);
    assert_int_equal(atomic_load(&disc->length), 600 * DISC_SECTOR);
    assert_int_equal(lab_read(disc->handle, 0, 0, 1), ERROR_SUCCESS);
    assert_int_equal(lab_read(disc->handle, 0, 16, 1), ERROR_SUCCESS);
    assert_int_equal(lab_read(disc->handle, 0, 599, 1), ERROR_SUCCESS);
    /* More than the adapter takes at a time (64 sectors), at odd places. */
    assert_int_equal(lab_read(disc->handle, 0, 1, 597), ERROR_SUCCESS);
    assert_int_equal(lab_read(disc->handle, 0, 600, 1), ERROR_INVALID_PARAMETER);
    assert_int_equal(lab_read(disc->handle, 0, 599, 2), ERROR_INVALID_PARAMETER);
    disc_release(&lab.discs, disc);
    lab_end(&lab);
}

struct waited_read {
    struct disc_operation operation; /* first */
    HANDLE done;
    int error;
    const uint8_t *data;
    size_t size;
};

static void read_done(struct disc_operation *operation, int error, const void *data, size_t size)
{
    struct waited_read *read = (struct waited_read *)operation;

    read->error = error;
    read->data = data;
    read->size = size;
    SetEvent(read->done);
}

static void any_offset_and_size_reads_right(void **state)
{
    struct waited_read read = {0};
    struct lab lab;
    struct disc *disc;
    unsigned seed = 7;

    (void)state;
    lab_start(&lab, 1, 200);
    read.done = CreateEventW(NULL, FALSE, FALSE, NULL);
    lab_offer(&lab, 0);
    lab_connect(&lab);
    disc = lab_wait_remote(&lab, 1);
    for (unsigned i = 0; i < 400 / LAB_SLOWER + 20; i++) {
        uint64_t offset = (uint64_t)rand_r(&seed) % (200 * DISC_SECTOR + 5000);
        size_t size = (size_t)rand_r(&seed) % 300000 + 1;
        uint64_t length = 200 * DISC_SECTOR;
        size_t expected = offset >= length         ? 0
                          : size < length - offset ? size
                                                   : (size_t)(length - offset);

        disc_prepare(&read.operation, disc, read_done);
        disc_read(&read.operation, offset, size);
        if (WaitForSingleObject(read.done, LAB_WAIT_MS) != WAIT_OBJECT_0)
            fail_msg("a read did not end");
        assert_int_equal(read.error, 0);
        assert_int_equal(read.size, expected);
        for (size_t at = 0; at < read.size; at += 97)
            if ((offset + at) / DISC_SECTOR != 16)
                assert_int_equal(read.data[at], lab_byte(0, offset + at));
    }
    disc_operation_free(&read.operation);
    CloseHandle(read.done);
    disc_release(&lab.discs, disc);
    lab_end(&lab);
}

struct async_read {
    OVERLAPPED overlapped;
    uint8_t *buffer;
};

static void start_read(struct async_read *read, HANDLE handle, uint32_t lba)
{
    memset(read, 0, sizeof(*read));
    read->buffer = aligned_alloc(4096, 4096);
    read->overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    read->overlapped.Offset = lba * DISC_SECTOR;
    assert_false(ReadFile(handle, read->buffer, DISC_SECTOR, NULL, &read->overlapped));
    assert_int_equal(GetLastError(), ERROR_IO_PENDING);
}

static DWORD end_read(struct async_read *read, HANDLE handle)
{
    DWORD bytes = 0;
    DWORD result = ERROR_SUCCESS;

    if (WaitForSingleObject(read->overlapped.hEvent, LAB_WAIT_MS) != WAIT_OBJECT_0)
        fail_msg("a read did not end");
    if (!GetOverlappedResult(handle, &read->overlapped, &bytes, FALSE))
        result = GetLastError();
    CloseHandle(read->overlapped.hEvent);
    free(read->buffer);
    return result;
}

static void a_held_request_delays_no_other(void **state)
{
    struct async_read held[3];
    struct lab lab;
    struct disc *disc;

    (void)state;
    lab_start(&lab, 1, 300);
    lab_offer(&lab, 0);
    lab_connect(&lab);
    disc = lab_wait_remote(&lab, 1);
    lab_hold(&lab, 0, 100, 10);
    for (unsigned i = 0; i < 3; i++)
        start_read(&held[i], disc->handle, 100 + i);
    for (unsigned i = 0; i < 50; i++)
        assert_int_equal(lab_read(disc->handle, 0, i, 2), ERROR_SUCCESS);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(WaitForSingleObject(held[i].overlapped.hEvent, 0), WAIT_TIMEOUT);
    /* One is cancelled, and ends at once; the others end when they are let go. */
    assert_true(CancelIoEx(disc->handle, &held[1].overlapped));
    assert_int_equal(end_read(&held[1], disc->handle), ERROR_OPERATION_ABORTED);
    assert_int_equal(WaitForSingleObject(held[0].overlapped.hEvent, 0), WAIT_TIMEOUT);
    lab_release(&lab, 0);
    assert_int_equal(end_read(&held[0], disc->handle), ERROR_SUCCESS);
    assert_int_equal(end_read(&held[2], disc->handle), ERROR_SUCCESS);
    assert_int_equal(lab_read(disc->handle, 0, 101, 1), ERROR_SUCCESS);
    disc_release(&lab.discs, disc);
    lab_end(&lab);
}

static void unshare_ends_what_is_in_flight(void **state)
{
    struct async_read held[4];
    struct lab lab;
    struct disc *disc;

    (void)state;
    lab_start(&lab, 2, 300);
    lab_offer(&lab, 0);
    lab_connect(&lab);
    disc = lab_wait_remote(&lab, 1);
    lab_hold(&lab, 0, 0, 300);
    for (unsigned i = 0; i < 4; i++)
        start_read(&held[i], disc->handle, i * 10);
    lab_unshare(&lab, 0);
    for (unsigned i = 0; i < 4; i++)
        assert_int_not_equal(end_read(&held[i], disc->handle), ERROR_SUCCESS);
    assert_int_not_equal(lab_read(disc->handle, 0, 5, 1), ERROR_SUCCESS);
    disc_release(&lab.discs, disc);
    lab_release(&lab, 0);
    lab_wait_remote(&lab, 0);
    disc = lab_wait_local(&lab, 0);
    assert_int_equal(lab_read(disc->handle, 0, 5, 1), ERROR_SUCCESS);
    disc_release(&lab.discs, disc);
    lab_end(&lab);
}

static void a_device_in_use_is_refused_with_a_sentence(void **state)
{
    char error[300] = "";
    struct lab lab;
    struct disc *disc;
    uint8_t open_path[512];
    HANDLE handle;

    (void)state;
    (void)open_path;
    lab_start(&lab, 1, 300);
    disc = lab_wait_local(&lab, 0); /* keeps a handle of its own */
    lab_connect(&lab);
    assert_int_equal(server_share_now(lab.server, lab.instance[0], error, sizeof(error)), -1);
    assert_non_null(strstr(error, "in use"));
    /* Nothing was changed: the old stack still reads, and can be opened. */
    assert_int_equal(lab_read(disc->handle, 0, 5, 1), ERROR_SUCCESS);
    handle = open_interface(disc->path);
    assert_true(handle != INVALID_HANDLE_VALUE);
    CloseHandle(handle);
    disc_release(&lab.discs, disc);
    lab_end(&lab);
}

static bool has_both_devices(struct lab *lab, void *context)
{
    (void)context;
    return client_device_count(lab->client) == 2;
}

static void a_device_goes_to_the_next_connection(void **state)
{
    struct lab lab;
    struct disc *disc;
    struct client *first;

    (void)state;
    lab_start(&lab, 2, 300);
    lab_offer(&lab, 0);
    lab_offer(&lab, 1);
    lab_connect(&lab);
    lab_wait_state(&lab, SHARE_ACTIVE, 2);
    first = lab.client;
    lab_connect(&lab);
    assert_int_equal(client_device_count(lab.client), 0);
    client_disconnect(first);
    /* The shares' state and the discs may still be the first connection's; these are the second's.
     */
    if (!lab_wait(&lab, has_both_devices, NULL))
        fail_msg("the second connection has %u devices (%s)", client_device_count(lab.client),
                 lab.last_log);
    lab_wait_state(&lab, SHARE_ACTIVE, 2);
    disc = lab_wait_remote(&lab, 2);
    disc_release(&lab.discs, disc);
    lab_disconnect(&lab);
    lab_wait_state(&lab, SHARE_OFFERED, 2);
    lab_end(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(share_reads_what_the_image_holds),
        cmocka_unit_test(any_offset_and_size_reads_right),
        cmocka_unit_test(a_held_request_delays_no_other),
        cmocka_unit_test(unshare_ends_what_is_in_flight),
        cmocka_unit_test(a_device_in_use_is_refused_with_a_sentence),
        cmocka_unit_test(a_device_goes_to_the_next_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
