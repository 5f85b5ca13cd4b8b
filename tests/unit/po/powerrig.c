/* SPDX-License-Identifier: MIT */
#include "powerrig.h"

struct power_rig power_rig;
rig_child power_c, power_d;
static WCHAR bus_path[128];
static _Atomic int states[3]; /* of root, c, d */

static PDEVICE_OBJECT below(PDEVICE_OBJECT device)
{
    return device->DeviceObjectExtension->AttachedTo;
}

static const char *name_of(PDEVICE_OBJECT device)
{
    while (below(device) != NULL)
        device = below(device);
    return rig_device_name(device);
}

static bool is(const char *name, PDEVICE_OBJECT device)
{
    return name != NULL && strcmp(name, name_of(device)) == 0;
}

static void log_irp(const char *driver, PDEVICE_OBJECT device, PIO_STACK_LOCATION stack)
{
    static const char *const minors[] = {"WAKE", "SEQUENCE", "SET", "QUERY"};
    bool system = stack->Parameters.Power.Type == SystemPowerState;

    if (stack->MinorFunction == IRP_MN_WAIT_WAKE) {
        rig_log("%s WAKE %s", driver, name_of(device));
        return;
    }
    rig_log("%s %s %c%d %s%s", driver, minors[stack->MinorFunction], system ? 'S' : 'D',
            (int)stack->Parameters.Power.State.SystemState - 1, name_of(device),
            power_rig.system_waits && KeGetCurrentIrql() == DISPATCH_LEVEL ? " at dispatch" : "");
}

static NTSTATUS end(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static VOID NTAPI cancel_wake(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    power_rig.wake = NULL;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    end(irp, STATUS_CANCELLED);
}

static NTSTATUS pdo_power(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    bool system = stack->Parameters.Power.Type == SystemPowerState;
    NTSTATUS status = STATUS_SUCCESS;

    if (stack->MinorFunction == IRP_MN_WAIT_WAKE) {
        if (power_rig.wake != NULL)
            return end(irp, STATUS_DEVICE_BUSY);
        log_irp("pdo", device, stack);
        IoMarkIrpPending(irp);
        power_rig.wake = irp;
        IoSetCancelRoutine(irp, cancel_wake);
        return STATUS_PENDING;
    }
    if (!system && is(power_rig.keeps, device)) {
        IoMarkIrpPending(irp);
        power_rig.keeps = NULL;
        power_rig.kept_by = device;
        __atomic_store_n(&power_rig.kept, irp, __ATOMIC_RELEASE);
        return STATUS_PENDING;
    }
    log_irp("pdo", device, stack);
    if (system) {
        power_rig.action = stack->Parameters.Power.ShutdownType;
        power_rig.context = stack->Parameters.Power.SystemPowerStateContext;
    }
    if (stack->MinorFunction == IRP_MN_QUERY_POWER && is(power_rig.refuses, device))
        status = power_rig.refuse_status;
    else if (stack->MinorFunction == IRP_MN_SET_POWER && !system) {
        PoSetPowerState(device, DevicePowerState, stack->Parameters.Power.State);
        states[is("c", device)   ? 1
               : is("d", device) ? 2
                                 : 0] = stack->Parameters.Power.State.DeviceState;
    }
    return end(irp, status);
}

void power_release(NTSTATUS status)
{
    PIRP irp = power_rig.kept;

    power_rig.kept = NULL;
    log_irp("pdo", power_rig.kept_by, IoGetCurrentIrpStackLocation(irp));
    end(irp, status);
}

bool power_end_wake(NTSTATUS status)
{
    PIRP irp = power_rig.wake;

    if (irp == NULL || IoSetCancelRoutine(irp, NULL) == NULL)
        return false;
    power_rig.wake = NULL;
    end(irp, status);
    return true;
}

DEVICE_POWER_STATE power_state_of(rig_child *child)
{
    return (DEVICE_POWER_STATE)states[child == NULL ? 0 : child == &power_c ? 1 : 2];
}

static VOID NTAPI device_irp_done(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state,
                                  PVOID context, PIO_STATUS_BLOCK io)
{
    PIRP system = context;

    (void)device;
    (void)minor;
    (void)state;
    end(system, io->Status);
}

/* The system IRP came back from below: the device follows it. */
static NTSTATUS NTAPI system_irp_back(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    POWER_STATE state = {.DeviceState = PowerDeviceD0};

    (void)context;
    if (!NT_SUCCESS(irp->IoStatus.Status)) {
        if (irp->PendingReturned)
            IoMarkIrpPending(irp);
        return STATUS_SUCCESS;
    }
    if (stack->Parameters.Power.State.SystemState != PowerSystemWorking)
        state.DeviceState = power_rig.sleeping;
    IoMarkIrpPending(irp);
    assert_status(
        PoRequestPowerIrp(device, stack->MinorFunction, state, device_irp_done, irp, NULL),
        STATUS_PENDING);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS NTAPI dispatch_power(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    bool bus = device->DriverObject == rig_bus.driver;

    if (below(device) == NULL)
        return pdo_power(device, irp);
    log_irp(bus ? "bus" : "func", device, stack);
    if (is(power_rig.drops, device) && stack->MinorFunction == IRP_MN_SET_POWER)
        return end(irp, STATUS_SUCCESS);
    if (stack->MinorFunction != IRP_MN_WAIT_WAKE &&
        stack->Parameters.Power.Type == SystemPowerState) {
        IoMarkIrpPending(irp);
        IoCopyCurrentIrpStackLocationToNext(irp);
        IoSetCompletionRoutine(irp, system_irp_back, NULL, TRUE, TRUE, TRUE);
        PoCallDriver(below(device), irp);
        return STATUS_PENDING;
    }
    IoSkipCurrentIrpStackLocation(irp);
    return PoCallDriver(below(device), irp);
}

void power_use(void)
{
    rig_child c = {.name = "c",
                   .device_id = L"TBUS\\Thing",
                   .instance_id = L"1",
                   .hardware_ids = L"TBUS\\Thing\0",
                   .unique = true};

    rig_use();
    memset(&power_rig, 0, sizeof(power_rig));
    power_rig.sleeping = PowerDeviceD3;
    memset((void *)states, 0, sizeof(states));
    power_c = power_d = c;
    power_d.name = "d";
    power_d.instance_id = L"2";
    rig_make_bus(bus_path);
    assert_status(PnpAddMatch(L"TBUS\\Thing", L"rigfunc", NULL), STATUS_SUCCESS);
    rig_plug(&power_c);
    rig_plug(&power_d);
    rig_bus.driver->MajorFunction[IRP_MJ_POWER] = dispatch_power;
    rig_func.driver->MajorFunction[IRP_MJ_POWER] = dispatch_power;
    rig_clear_log();
}

int power_boot(void **state)
{
    if (rig_boot(state) != 0)
        return -1;
    power_use();
    return 0;
}

int power_shutdown(void **state)
{
    return rig_shutdown(state);
}
