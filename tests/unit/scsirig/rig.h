/* SPDX-License-Identifier: MIT */
/*
 * rig.h - what the tests of scsiserver, scsiclient and cdrom share: an adapter of the test's own
 * (fakeport) whose devices do as the test says, programs' calls (open an interface, send a control
 * code, wait, cancel) and class drivers' (SRBs).
 *
 * The drivers under test are compiled into the program, each with a name of its own for
 * DriverEntry.
 */
#ifndef TESTS_UNIT_SCSIRIG_RIG_H
#define TESTS_UNIT_SCSIRIG_RIG_H

#include "ntio/pnp/pnp.h"
#include "ntio/ex/ex.h"
#include "ntio/ob/ntob.h"
#include "ntio.h"

#include <ntddk.h>
#include <scsi.h>
#include <srb.h>
#include <ntddscsi.h>
#include <ntddstor.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#define RIG_WAIT 5000 /* ms, for what must happen */

/* Under a sanitizer everything is slower: loops are cut down by this. */
#if defined(__SANITIZE_THREAD__)
#define RIG_SLOWER 20
#elif defined(__SANITIZE_ADDRESS__)
#define RIG_SLOWER 4
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RIG_SLOWER 20
#elif __has_feature(address_sanitizer)
#define RIG_SLOWER 4
#endif
#endif
#ifndef RIG_SLOWER
#define RIG_SLOWER 1
#endif
#define RIG_TSAN (RIG_SLOWER == 20)

/* clang-format off */
#define assert_status(expression, status) assert_int_equal((ULONG)(expression), (ULONG)(status))
#define assert_ok(expression) assert_status(expression, STATUS_SUCCESS)
/* clang-format on */

/* ---- the host ---- */

/* Boots; the services fakeport, fakeclass and those named here are loaded from this program. */
void rig_boot(void);
void rig_add_service(const WCHAR *name, PDRIVER_INITIALIZE entry);
/* Nothing must be left behind. */
void rig_shutdown(void);

/* Waits until it is true, RIG_WAIT at most; the test fails otherwise. */
#define rig_until(condition)                                                                       \
    do {                                                                                           \
        unsigned waited_ = 0;                                                                      \
        while (!(condition)) {                                                                     \
            if (waited_++ >= RIG_WAIT)                                                             \
                fail_msg("did not come true: %s", #condition);                                     \
            rig_sleep(1);                                                                          \
        }                                                                                          \
    } while (0)
void rig_sleep(unsigned milliseconds);
/* Some time that is different each time, up to a few microseconds: to meet another thread at
 * another place. */
void rig_spin(unsigned *seed, unsigned most);

typedef struct rig_thread {
    pthread_t thread;
    void (*routine)(void *);
    void *context;
} rig_thread;
void rig_start(rig_thread *thread, void (*routine)(void *), void *context);
void rig_join(rig_thread *thread);

/* State of the node, PnpRemoved where there is none; its Problem. */
PNP_STATE rig_state(const WCHAR *instance);
ULONG rig_problem(const WCHAR *instance);

/* ---- programs ---- */

/* How many interfaces of the class are enabled. */
unsigned rig_interfaces(const GUID *guid);
/* Opens the only one, for overlapped I/O. */
NTSTATUS rig_try_open(const GUID *guid, HANDLE *handle);
HANDLE rig_open(const GUID *guid);
NTSTATUS rig_open_name(const WCHAR *name, HANDLE *handle);
void rig_close(HANDLE handle);

/* A call under way. */
typedef struct rig_io {
    IO_STATUS_BLOCK iosb;
    HANDLE event;
    HANDLE handle;
} rig_io;
/* STATUS_PENDING, or what it ended with; rig_io_end in either case. */
NTSTATUS rig_control(rig_io *io, HANDLE handle, ULONG code, void *in, ULONG in_size, void *out,
                     ULONG out_size);
NTSTATUS rig_read(rig_io *io, HANDLE handle, uint64_t offset, void *buffer, ULONG length);
bool rig_io_done(rig_io *io);
/* Waits for the end: the status; iosb says the rest. The test fails after RIG_WAIT. */
NTSTATUS rig_io_end(rig_io *io);
/* Cancels it; it ends in its own time. */
void rig_io_cancel(rig_io *io);
/* Start and end in one; *information may be NULL. */
NTSTATUS rig_call(HANDLE handle, ULONG code, void *in, ULONG in_size, void *out, ULONG out_size,
                  ULONG_PTR *information);

/* ---- class drivers ---- */

typedef struct rig_srb {
    SCSI_REQUEST_BLOCK srb;
    PIRP irp;
    PMDL mdl;
    KEVENT done;
    NTSTATUS status;
    ULONG_PTR information;
    uint8_t sense[64];
} rig_srb;
enum rig_direction { RIG_NONE, RIG_IN, RIG_OUT };
/* Sends it to the device; rig_srb_end waits (RIG_WAIT) and frees what was needed. */
void rig_srb_begin(rig_srb *r, PDEVICE_OBJECT device, UCHAR function, const uint8_t *cdb,
                   size_t cdb_length, enum rig_direction direction, void *buffer, ULONG length);
/* In two steps, for tests that change the SRB before it goes. */
void rig_srb_prepare(rig_srb *r, PDEVICE_OBJECT device, UCHAR function, const uint8_t *cdb,
                     size_t cdb_length, enum rig_direction direction, void *buffer, ULONG length);
void rig_srb_send(rig_srb *r, PDEVICE_OBJECT device);
bool rig_srb_done(rig_srb *r);
NTSTATUS rig_srb_end(rig_srb *r);
#define CDB(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

/* ---- any other request ---- */

/* Sends a request with these functions and parameters to the device and waits; its status was
 * STATUS_NOT_SUPPORTED. */
NTSTATUS rig_irp(PDEVICE_OBJECT device, const IO_STACK_LOCATION *what, ULONG_PTR *information);
/* Power and system control, to the top of a stack whose bottom says yes to both kinds of power
 * request. */
void rig_check_power(PDEVICE_OBJECT top, NTSTATUS system_control);

/* ---- fakeclass: a class driver that passes everything on ---- */

extern _Atomic unsigned class_starts, class_removes, class_surprises;

/* ---- fakeport: an adapter and its devices ---- */

#define FAKE_RECORDS 512

typedef struct fake_record {
    UCHAR major, function, cdb[16];
    ULONG code, flags, length, input, output;
} fake_record;

typedef struct fake_disc {
    bool present;
    bool locked;    /* PREVENT MEDIUM REMOVAL */
    uint8_t medium; /* goes into every byte */
    uint32_t blocks;
    unsigned attentions; /* this many commands more are answered UNIT ATTENTION */
    uint8_t attention_asc;
    unsigned not_ready; /* this many commands more: NOT READY, becoming ready */
} fake_disc;

typedef struct fake_lun fake_lun;
/* Does what the IRP asks, completes or holds it, returns the dispatch routine's status. */
typedef NTSTATUS fake_srb(fake_lun *lun, PIRP irp, PSCSI_REQUEST_BLOCK srb);
typedef NTSTATUS fake_ioctl(fake_lun *lun, PIRP irp, PIO_STACK_LOCATION stack);

struct fake_lun {
    /* The test's, set before fake_plug or while nothing runs. */
    const WCHAR *instance; /* L"1" */
    const WCHAR *ids[6];   /* NULL: those of a drive; those of a list double terminated */
    const WCHAR *texts[2];
    NTSTATUS id_status[6];  /* an error: the ID is answered with it */
    ULONG maximum_transfer; /* 0: 64 KiB */
    ULONG maximum_pages;
    bool no_properties;
    fake_srb *on_srb;     /* NULL: fake_drive */
    fake_ioctl *on_ioctl; /* NULL: fake_properties */
    void *context;
    NTSTATUS claim_status; /* an error: CLAIM_DEVICE is refused with it */
    _Atomic bool gone;     /* SRBs are answered: no such device */

    fake_disc disc;
    /* What happened. */
    _Atomic unsigned srbs, ioctls, reads, claims, releases, starts, removes, surprises, cancelled;
    _Atomic bool claimed;
    pthread_mutex_t lock;
    unsigned record_count;
    fake_record records[FAKE_RECORDS];
    /* Held IRPs, cancellable; queue_lock. */
    KSPIN_LOCK queue_lock;
    LIST_ENTRY held;
    _Atomic unsigned held_count;
    /* The driver's. */
    LIST_ENTRY link;
    PDEVICE_OBJECT pdo;    /* a reference of the test's while plugged */
    PDEVICE_OBJECT device; /* the same, while listed */
    bool present, reported, listed;
    WCHAR path[128];
};

/* The adapter. */
void fake_start(void);
void fake_init(fake_lun *lun, const WCHAR *instance);
/* Plugs it in and waits for plug and play. */
void fake_plug(fake_lun *lun);
/* Its instance path, L"FAKE\\CdRom\\...": known once it is plugged. */
const WCHAR *fake_path(fake_lun *lun);
void fake_unplug(fake_lun *lun);
/* The same without waiting. */
void fake_unplug_later(fake_lun *lun);
/* Gives the test's reference back; after unplug, before shutdown. */
void fake_forget(fake_lun *lun);
/* A PnP minor function to the top of the device's stack; plug and play is not told. */
NTSTATUS fake_pnp(fake_lun *lun, UCHAR minor);

/* What a device does by itself: a CD drive with a disc, properties of an adapter. */
fake_srb fake_drive;
fake_ioctl fake_properties;

/* For on_srb and on_ioctl: hold the IRP (STATUS_PENDING) until somebody takes or cancels it. */
NTSTATUS fake_hold(fake_lun *lun, PIRP irp);
fake_srb fake_hold_srb; /* holds all */
fake_ioctl fake_hold_ioctl;
/* The oldest that is held, no longer cancellable, or NULL. */
PIRP fake_take(fake_lun *lun);
PSCSI_REQUEST_BLOCK fake_srb_of(PIRP irp);
/* The SRB's data, length bytes at most, as the adapter sees it. */
uint8_t *fake_data(PIRP irp);
NTSTATUS fake_complete(PIRP irp, NTSTATUS status, ULONG_PTR information);
NTSTATUS fake_complete_srb(PIRP irp, NTSTATUS status, UCHAR srb_status, UCHAR scsi_status,
                           ULONG transferred);
NTSTATUS fake_sense(PIRP irp, UCHAR key, UCHAR asc, UCHAR ascq);
/* Good, with all its data. */
NTSTATUS fake_good(PIRP irp);
/* Does for a held command what the drive does. */
void fake_finish(fake_lun *lun, PIRP irp);

unsigned fake_count(fake_lun *lun);
fake_record fake_recorded(fake_lun *lun, unsigned index);
void fake_clear(fake_lun *lun);
/* How many were recorded with that operation code. */
unsigned fake_count_of(fake_lun *lun, UCHAR operation);

/* Byte i of block n of a medium. */
uint8_t fake_byte(uint8_t medium, uint32_t block, uint32_t i);
/* Whether the buffer holds these blocks. */
bool fake_holds(const void *buffer, uint8_t medium, uint32_t block, uint32_t count);

#endif
