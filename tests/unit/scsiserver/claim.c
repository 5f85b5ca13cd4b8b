/* SPDX-License-Identifier: MIT */
/* A claim that came over the wire goes with the program that brought it. */
#include "server.h"

static NTSTATUS send_function(HANDLE handle, UCHAR function)
{
    NTSTATUS status;
    request r;

    make_srb(&r, function, NULL, 0, 0, 0, 0);
    assert_ok(execute(&r, handle));
    status = header_of(&r)->Status;
    free_request(&r);
    return status;
}

static void it_is_released_with_the_handle(void **state)
{
    HANDLE handle = rig_open(&server_guid);

    (void)state;
    assert_ok(send_function(handle, SRB_FUNCTION_CLAIM_DEVICE));
    assert_true(lun.claimed);
    assert_status(send_function(handle, SRB_FUNCTION_CLAIM_DEVICE), STATUS_DEVICE_BUSY);
    rig_close(handle);
    assert_false(lun.claimed);
    assert_int_equal(lun.releases, 1);
    /* The next one finds it free. */
    handle = rig_open(&server_guid);
    assert_ok(send_function(handle, SRB_FUNCTION_CLAIM_DEVICE));
    rig_close(handle);
    assert_int_equal(lun.releases, 2);
}

static void what_was_released_is_not_released_again(void **state)
{
    HANDLE handle = rig_open(&server_guid);

    (void)state;
    assert_ok(send_function(handle, SRB_FUNCTION_CLAIM_DEVICE));
    assert_ok(send_function(handle, SRB_FUNCTION_RELEASE_DEVICE));
    rig_close(handle);
    assert_int_equal(lun.releases, 1);
    handle = rig_open(&server_guid);
    rig_close(handle);
    assert_int_equal(lun.releases, 1);
}

static void a_claim_that_failed_is_none(void **state)
{
    HANDLE handle = rig_open(&server_guid);

    (void)state;
    lun.claim_status = STATUS_DEVICE_BUSY;
    assert_status(send_function(handle, SRB_FUNCTION_CLAIM_DEVICE), STATUS_DEVICE_BUSY);
    rig_close(handle);
    assert_int_equal(lun.releases, 0);
}

static PIRP kept;

/* An adapter that can't be stopped. */
static NTSTATUS keep(fake_lun *l, PIRP irp, PSCSI_REQUEST_BLOCK srb)
{
    if (srb->Function != SRB_FUNCTION_CLAIM_DEVICE)
        return fake_drive(l, irp, srb);
    IoMarkIrpPending(irp);
    kept = irp;
    return STATUS_PENDING;
}

static void a_claim_that_succeeds_after_the_handle_was_closed(void **state)
{
    HANDLE handle = rig_open(&server_guid);
    request r;

    (void)state;
    lun.on_srb = keep;
    make_srb(&r, SRB_FUNCTION_CLAIM_DEVICE, NULL, 0, 0, 0, 0);
    assert_status(begin(&r, handle), STATUS_PENDING);
    rig_close(handle);
    assert_false(lun.claimed);
    fake_drive(&lun, kept, fake_srb_of(kept)); /* it comes through, though it has been cancelled */
    assert_ok(rig_io_end(&r.io));
    rig_until(lun.releases == 1);
    assert_false(lun.claimed);
    free_request(&r);
    lun.on_srb = fake_drive;
    rig_until(rig_try_open(&server_guid, &handle) ==
              STATUS_SUCCESS); /* CLOSE comes in its own time */
    assert_ok(send_function(handle, SRB_FUNCTION_CLAIM_DEVICE));
    rig_close(handle);
}

static void it_is_released_when_the_device_is_pulled_out(void **state)
{
    HANDLE handle = rig_open(&server_guid);

    (void)state;
    assert_ok(send_function(handle, SRB_FUNCTION_CLAIM_DEVICE));
    fake_unplug(&lun);
    rig_close(handle);
    PnpSettle();
    assert_int_equal(lun.releases, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, server_setup, server_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_released_with_the_handle),
        TEST(what_was_released_is_not_released_again),
        TEST(a_claim_that_failed_is_none),
        TEST(a_claim_that_succeeds_after_the_handle_was_closed),
        TEST(it_is_released_when_the_device_is_pulled_out),
    };

    return cmocka_run_group_tests_name("scsiserver-claim", tests, NULL, NULL);
}
