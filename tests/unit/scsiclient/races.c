/* SPDX-License-Identifier: MIT */
/* Asked, fetched, answered, cancelled, plugged out, all at once: each request ends once, with what
 * is its own. */
#include "client.h"

#define ROUNDS (4000 / RIG_SLOWER)

/* ---- a class driver that keeps asking, and changes its mind ---- */

typedef struct asker {
    rig_thread thread;
    PDEVICE_OBJECT device;
    unsigned seed, rounds; /* 0: until the device is gone */
    unsigned good, cancelled;
    bool never_cancels;
    atomic_bool gone;
} asker;

static void ask(void *context)
{
    asker *a = context;
    uint8_t *data = malloc(4096);

    assert_non_null(data);
    for (unsigned round = 0; a->rounds == 0 || round < a->rounds; round++) {
        uint32_t lba = (a->seed >> 5) % 250;
        bool write = (a->seed >> 3) % 4 == 0;
        NTSTATUS status;
        rig_srb r;

        memset(data, 0, 4096);
        if (write)
            rig_srb_begin(&r, a->device, SRB_FUNCTION_EXECUTE_SCSI,
                          CDB(SCSIOP_WRITE, 0, 0, 0, 0, 0, 0, 0, 1, 0), RIG_OUT, data, 512);
        else
            read_begin(&r, a->device, lba, 1, data);
        rig_spin(&a->seed, 300);
        if (!a->never_cancels && (a->seed >> 10) % 2 == 0)
            IoCancelIrp(r.irp);
        status = rig_srb_end(&r);
        if (status == STATUS_SUCCESS) {
            assert_int_equal(r.srb.SrbStatus, SRB_STATUS_SUCCESS);
            assert_true(write || fake_holds(data, 1, lba, 1));
            a->good++;
        } else if (status == STATUS_CANCELLED) {
            assert_int_equal(r.srb.SrbStatus, SRB_STATUS_ABORTED);
            assert_false(a->never_cancels);
            a->cancelled++;
        } else {
            assert_status(status, STATUS_DEVICE_DOES_NOT_EXIST);
            assert_int_equal(r.srb.SrbStatus, SRB_STATUS_NO_DEVICE);
            assert_int_equal(a->rounds, 0);
            break;
        }
    }
    a->gone = true;
    free(data);
}

/* ---- a program's thread ---- */

typedef struct fetcher {
    rig_thread thread;
    HANDLE program;
    unsigned seed;
    bool moody; /* buffers that are too small, fetches that are cancelled */
    unsigned answered, too_late;
} fetcher;

static void fetch_until_gone(void *context)
{
    fetcher *t = context;

    for (;;) {
        ULONG size = t->moody && (t->seed >> 12) % 4 == 0 ? 92 + (t->seed >> 14) % 512 : 92 + 512;
        NTSTATUS status;
        fetch f;

        fetch_begin(&f, t->program, size);
        rig_spin(&t->seed, 200);
        if (t->moody && (t->seed >> 9) % 4 == 0)
            rig_io_cancel(&f.io);
        status = fetch_end(&f);
        if (status == STATUS_SUCCESS) {
            if (srb_of(&f)->Cdb[0] == SCSIOP_READ) {
                status = answer_read(&f, t->program);
            } else {
                answer *a = malloc(sizeof(*a));

                assert_non_null(a);
                answer_start(a, &f, STATUS_SUCCESS, SRB_STATUS_SUCCESS, 512);
                status = answer_send(a, t->program);
                free(a);
            }
            assert_true(status == STATUS_SUCCESS || status == STATUS_NOT_FOUND);
            t->answered += status == STATUS_SUCCESS;
            t->too_late += status == STATUS_NOT_FOUND;
            fetch_free(&f);
            continue;
        }
        fetch_free(&f);
        if (status == STATUS_DEVICE_DOES_NOT_EXIST)
            return;
        assert_true(status == STATUS_CANCELLED || status == STATUS_BUFFER_TOO_SMALL);
        assert_true(t->moody);
    }
}

static void cancel_against_fetch_against_answer(void **state)
{
    HANDLE program = plug("1");
    PDEVICE_OBJECT device = child_top("1");
    fetcher fetchers[2] = {{.program = program, .seed = 1, .moody = true},
                           {.program = program, .seed = 2}};
    asker askers[3] = {{.device = device, .seed = 3, .rounds = ROUNDS},
                       {.device = device, .seed = 4, .rounds = ROUNDS},
                       {.device = device, .seed = 5, .rounds = ROUNDS, .never_cancels = true}};
    unsigned good = 0, answered = 0;

    (void)state;
    for (int i = 0; i < 2; i++)
        rig_start(&fetchers[i].thread, fetch_until_gone, &fetchers[i]);
    for (int i = 0; i < 3; i++)
        rig_start(&askers[i].thread, ask, &askers[i]);
    for (int i = 0; i < 3; i++) {
        rig_join(&askers[i].thread);
        good += askers[i].good;
    }
    ObDereferenceObject(device);
    assert_ok(plug_out(program));
    for (int i = 0; i < 2; i++) {
        rig_join(&fetchers[i].thread);
        answered += fetchers[i].answered;
    }
    assert_int_equal(good, answered); /* an answer that was taken is a request that succeeded */
    assert_int_equal(askers[2].good, ROUNDS);
    rig_close(program);
}

static void gone_in_the_middle(void **state)
{
    unsigned seed = 6;

    (void)state;
    for (unsigned round = 0; round < 200 / RIG_SLOWER + 6; round++) {
        HANDLE program = plug("1"), drive = child_open("1");
        PDEVICE_OBJECT device = child_top("1");
        fetcher fetchers[2] = {{.program = program, .seed = round, .moody = true},
                               {.program = program, .seed = round + 1}};
        asker askers[2] = {{.device = device, .seed = round + 2},
                           {.device = device, .seed = round + 3}};
        WCHAR path[200];

        assert_true(child_path("1", path));
        for (int i = 0; i < 2; i++) {
            rig_start(&fetchers[i].thread, fetch_until_gone, &fetchers[i]);
            rig_start(&askers[i].thread, ask, &askers[i]);
        }
        rig_spin(&seed, 100000);
        switch (round % 3) {
        case 0:
            assert_ok(plug_out(program));
            break;
        case 1: /* by a person, and then by the program */
            assert_ok(PnpRemoveDevice(path, TRUE));
            for (int i = 0; i < 2; i++)
                rig_until(askers[i].gone);
            assert_ok(plug_out(program));
            break;
        default:
            assert_ok(PnpRemoveDevice(bus_path, TRUE));
            break;
        }
        for (int i = 0; i < 2; i++) {
            rig_join(&askers[i].thread);
            rig_join(&fetchers[i].thread);
        }
        ObDereferenceObject(device);
        rig_close(drive);
        rig_close(program);
        PnpSettle();
        assert_int_equal(child_count(), 0);
        if (round % 3 == 2) {
            rig_until(rig_state(bus_path) == PnpRemoved);
            assert_ok(PnpCreateRootDevice(L"SCSICLIENT", L"VirtualSCSIBus\0", L"scsiclient",
                                          bus_path, 128));
        }
    }
}

/* ---- while it is copied: a large write takes its time ---- */

typedef struct sender {
    rig_thread thread;
    rig_srb *r;
    PDEVICE_OBJECT device;
} sender;

static void send_it(void *context)
{
    sender *s = context;

    rig_srb_send(s->r, s->device);
}

#define LARGE (4 * 1024 * 1024)

static void gone_while_it_is_packed(void **state)
{
    uint8_t *data = calloc(1, LARGE);
    unsigned seed = 1;

    (void)state;
    assert_non_null(data);
    for (unsigned round = 0; round < 60 / (RIG_SLOWER > 4 ? 4 : 1); round++) {
        HANDLE program = plug("1"), drive = child_open("1");
        PDEVICE_OBJECT device = child_top("1");
        fetch fetches[2];
        WCHAR path[200];
        rig_srb r;

        assert_true(child_path("1", path));
        /* Two fetches wait; the write, sent by another thread, is packed into one of them. */
        for (int i = 0; i < 2; i++)
            assert_status(fetch_begin(&fetches[i], program, 92 + LARGE), STATUS_PENDING);
        rig_srb_prepare(&r, device, SRB_FUNCTION_EXECUTE_SCSI,
                        CDB(SCSIOP_WRITE, 0, 0, 0, 0, 0, 0, 0, 0, 0), RIG_OUT, data, LARGE);
        {
            sender s = {.r = &r, .device = device};

            rig_start(&s.thread, send_it, &s);
            rig_spin(&seed, 500000);
            switch (round % 3) {
            case 0:
                IoCancelIrp(r.irp);
                break;
            case 1:
                assert_ok(plug_out(program));
                break;
            default:
                assert_ok(PnpRemoveDevice(path, TRUE));
                break;
            }
            rig_join(&s.thread);
        }
        assert_status(rig_srb_end(&r),
                      round % 3 == 0 ? STATUS_CANCELLED : STATUS_DEVICE_DOES_NOT_EXIST);
        assert_ok(plug_out(program));
        for (int i = 0; i < 2; i++) {
            NTSTATUS status = fetch_end(&fetches[i]);

            assert_true(status == STATUS_SUCCESS || status == STATUS_DEVICE_DOES_NOT_EXIST);
            assert_true(status != STATUS_SUCCESS || header_of(&fetches[i])->Length == 92 + LARGE);
            fetch_free(&fetches[i]);
        }
        ObDereferenceObject(device);
        rig_close(drive);
        rig_close(program);
        PnpSettle();
    }
    free(data);
}

/* ---- a handle that is closed while something is plugged in on it ---- */

typedef struct plugger {
    rig_thread thread;
    HANDLE program;
    NTSTATUS status;
} plugger;

static void plug_in(void *context)
{
    plugger *p = context;

    p->status = try_plug(p->program, &(device_info){.instance = "1"});
}

static void closed_while_it_is_plugged_in(void **state)
{
    unsigned seed = 8, plugged = 0;

    (void)state;
    for (unsigned round = 0; round < ROUNDS / 4; round++) {
        plugger p = {.program = rig_open(&client_guid)};

        rig_start(&p.thread, plug_in, &p);
        rig_spin(&seed, 40000);
        if (round ==
            0) { /* once without a race, which on a busy machine may always end the same way */
            rig_join(&p.thread);
            rig_close(p.program);
        } else {
            rig_close(p.program);
            rig_join(&p.thread);
        }
        /* The event that the call makes for itself may have got the handle's number. */
        assert_true(p.status == STATUS_SUCCESS || p.status == STATUS_INVALID_HANDLE ||
                    p.status == STATUS_OBJECT_TYPE_MISMATCH);
        plugged += p.status == STATUS_SUCCESS;
        PnpSettle();
        /* Nobody could plug it out any more. */
        rig_until(child_count() == 0);
    }
    assert_true(plugged > 0);
}

/* Two threads of a program on one handle: one child. */
static void plugged_in_twice_at_once(void **state)
{
    (void)state;
    for (unsigned round = 0; round < ROUNDS / 8; round++) {
        HANDLE program = rig_open(&client_guid);
        plugger p[2] = {{.program = program}, {.program = program}};

        for (int i = 0; i < 2; i++)
            rig_start(&p[i].thread, plug_in, &p[i]);
        for (int i = 0; i < 2; i++)
            rig_join(&p[i].thread);
        assert_true((p[0].status == STATUS_SUCCESS) != (p[1].status == STATUS_SUCCESS));
        assert_true(p[0].status == STATUS_INVALID_DEVICE_STATE ||
                    p[1].status == STATUS_INVALID_DEVICE_STATE);
        rig_close(program);
        PnpSettle();
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, client_setup, client_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cancel_against_fetch_against_answer),
        TEST(gone_in_the_middle),
        TEST(gone_while_it_is_packed),
        TEST(closed_while_it_is_plugged_in),
        TEST(plugged_in_twice_at_once),
    };

    return cmocka_run_group_tests_name("scsiclient-races", tests, NULL, NULL);
}
