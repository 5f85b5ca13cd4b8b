/* SPDX-License-Identifier: MIT */
/*
 * cfgmgr32.h - the configuration manager: devices as programs see them, what they are, what is done
 * to them.
 *
 * A device is a DEVINST: a number that stays the same as long as the system runs. It may be a
 * phantom: its registry key is left, the device is not there. Routines answer a CR_ code, never
 * through GetLastError; CM_MapCrToWin32Err translates. What changes a device waits for the PnP
 * manager's outcome. Texts are instance IDs (L"Root\\SAMPLE\\0000"), not more than
 * MAX_DEVICE_ID_LEN with their zero; the A forms are UTF-8. Flags that a routine does not know:
 * CR_INVALID_FLAG; a NULL where something belongs: CR_INVALID_POINTER; a number that is no
 * device's: CR_INVALID_DEVNODE; a device that is not there where one must be: CR_NO_SUCH_DEVNODE.
 * Source: MS docs, cfgmgr32.h.
 *
 * Not here: resource descriptors of programs (CM_*_Log_Conf, CM_*_Res_Des), range lists, other
 * machines (_Ex forms), hardware profiles but the current one.
 */
#ifndef NTIO_WIN32_CFGMGR32_H
#define NTIO_WIN32_CFGMGR32_H

#include "windows.h"
#include "cfg.h"
#include "devpropdef.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CMAPI WINBASEAPI

typedef DWORD RETURN_TYPE;
typedef RETURN_TYPE CONFIGRET;
typedef DWORD DEVNODE, DEVINST;
typedef DEVNODE *PDEVNODE, *PDEVINST;
typedef CHAR *DEVNODEID_A, *DEVINSTID_A;
typedef WCHAR *DEVNODEID_W, *DEVINSTID_W;
typedef const void *PCVOID;
typedef ULONG REGDISPOSITION;
typedef HANDLE HMACHINE;
#ifndef NTIO_REGSAM_DEFINED
#define NTIO_REGSAM_DEFINED
typedef ACCESS_MASK REGSAM;
#endif
#ifdef UNICODE
typedef DEVINSTID_W DEVINSTID;
typedef DEVNODEID_W DEVNODEID;
#else
typedef DEVINSTID_A DEVINSTID;
typedef DEVNODEID_A DEVNODEID;
#endif

#define MAX_DEVICE_ID_LEN   200
#define MAX_DEVNODE_ID_LEN  MAX_DEVICE_ID_LEN
#define MAX_GUID_STRING_LEN 39
#define MAX_CLASS_NAME_LEN  32
#define CONFIGMG_VERSION    0x0400

/* ---- what the routines answer ---- */
#define CR_SUCCESS                  (0x00000000)
#define CR_DEFAULT                  (0x00000001)
#define CR_OUT_OF_MEMORY            (0x00000002)
#define CR_INVALID_POINTER          (0x00000003)
#define CR_INVALID_FLAG             (0x00000004)
#define CR_INVALID_DEVNODE          (0x00000005)
#define CR_INVALID_DEVINST          CR_INVALID_DEVNODE
#define CR_INVALID_RES_DES          (0x00000006)
#define CR_INVALID_LOG_CONF         (0x00000007)
#define CR_INVALID_ARBITRATOR       (0x00000008)
#define CR_INVALID_NODELIST         (0x00000009)
#define CR_DEVNODE_HAS_REQS         (0x0000000A)
#define CR_DEVINST_HAS_REQS         CR_DEVNODE_HAS_REQS
#define CR_INVALID_RESOURCEID       (0x0000000B)
#define CR_DLVXD_NOT_FOUND          (0x0000000C)
#define CR_NO_SUCH_DEVNODE          (0x0000000D)
#define CR_NO_SUCH_DEVINST          CR_NO_SUCH_DEVNODE
#define CR_NO_MORE_LOG_CONF         (0x0000000E)
#define CR_NO_MORE_RES_DES          (0x0000000F)
#define CR_ALREADY_SUCH_DEVNODE     (0x00000010)
#define CR_ALREADY_SUCH_DEVINST     CR_ALREADY_SUCH_DEVNODE
#define CR_INVALID_RANGE_LIST       (0x00000011)
#define CR_INVALID_RANGE            (0x00000012)
#define CR_FAILURE                  (0x00000013)
#define CR_NO_SUCH_LOGICAL_DEV      (0x00000014)
#define CR_CREATE_BLOCKED           (0x00000015)
#define CR_NOT_SYSTEM_VM            (0x00000016)
#define CR_REMOVE_VETOED            (0x00000017)
#define CR_APM_VETOED               (0x00000018)
#define CR_INVALID_LOAD_TYPE        (0x00000019)
#define CR_BUFFER_SMALL             (0x0000001A)
#define CR_NO_ARBITRATOR            (0x0000001B)
#define CR_NO_REGISTRY_HANDLE       (0x0000001C)
#define CR_REGISTRY_ERROR           (0x0000001D)
#define CR_INVALID_DEVICE_ID        (0x0000001E)
#define CR_INVALID_DATA             (0x0000001F)
#define CR_INVALID_API              (0x00000020)
#define CR_DEVLOADER_NOT_READY      (0x00000021)
#define CR_NEED_RESTART             (0x00000022)
#define CR_NO_MORE_HW_PROFILES      (0x00000023)
#define CR_DEVICE_NOT_THERE         (0x00000024)
#define CR_NO_SUCH_VALUE            (0x00000025)
#define CR_WRONG_TYPE               (0x00000026)
#define CR_INVALID_PRIORITY         (0x00000027)
#define CR_NOT_DISABLEABLE          (0x00000028)
#define CR_FREE_RESOURCES           (0x00000029)
#define CR_QUERY_VETOED             (0x0000002A)
#define CR_CANT_SHARE_IRQ           (0x0000002B)
#define CR_NO_DEPENDENT             (0x0000002C)
#define CR_SAME_RESOURCES           (0x0000002D)
#define CR_NO_SUCH_REGISTRY_KEY     (0x0000002E)
#define CR_INVALID_MACHINENAME      (0x0000002F)
#define CR_REMOTE_COMM_FAILURE      (0x00000030)
#define CR_MACHINE_UNAVAILABLE      (0x00000031)
#define CR_NO_CM_SERVICES           (0x00000032)
#define CR_ACCESS_DENIED            (0x00000033)
#define CR_CALL_NOT_IMPLEMENTED     (0x00000034)
#define CR_INVALID_PROPERTY         (0x00000035)
#define CR_DEVICE_INTERFACE_ACTIVE  (0x00000036)
#define CR_NO_SUCH_DEVICE_INTERFACE (0x00000037)
#define CR_INVALID_REFERENCE_STRING (0x00000038)
#define CR_INVALID_CONFLICT_LIST    (0x00000039)
#define CR_INVALID_INDEX            (0x0000003A)
#define CR_INVALID_STRUCTURE_SIZE   (0x0000003B)

#define NUM_CR_RESULTS (0x0000003C)

/* ---- CM_Create_DevNode ---- */
#define CM_CREATE_DEVNODE_NORMAL          (0x00000000)
#define CM_CREATE_DEVNODE_NO_WAIT_INSTALL (0x00000001)
#define CM_CREATE_DEVNODE_PHANTOM         (0x00000002)
#define CM_CREATE_DEVNODE_GENERATE_ID     (0x00000004)
#define CM_CREATE_DEVNODE_DO_NOT_INSTALL  (0x00000008)
#define CM_CREATE_DEVNODE_BITS            (0x0000000F)
#define CM_CREATE_DEVINST_NORMAL          CM_CREATE_DEVNODE_NORMAL
#define CM_CREATE_DEVINST_NO_WAIT_INSTALL CM_CREATE_DEVNODE_NO_WAIT_INSTALL
#define CM_CREATE_DEVINST_PHANTOM         CM_CREATE_DEVNODE_PHANTOM
#define CM_CREATE_DEVINST_GENERATE_ID     CM_CREATE_DEVNODE_GENERATE_ID
#define CM_CREATE_DEVINST_DO_NOT_INSTALL  CM_CREATE_DEVNODE_DO_NOT_INSTALL
#define CM_CREATE_DEVINST_BITS            CM_CREATE_DEVNODE_BITS

/* ---- CM_Disable_DevNode ---- */
#define CM_DISABLE_POLITE    (0x00000000)
#define CM_DISABLE_ABSOLUTE  (0x00000001)
#define CM_DISABLE_HARDWARE  (0x00000002)
#define CM_DISABLE_UI_NOT_OK (0x00000004)
#define CM_DISABLE_PERSIST   (0x00000008)
#define CM_DISABLE_BITS      (0x00000007)

/* ---- CM_Get_Device_ID_List ---- */
#define CM_GETIDLIST_FILTER_NONE               (0x00000000)
#define CM_GETIDLIST_FILTER_ENUMERATOR         (0x00000001)
#define CM_GETIDLIST_FILTER_SERVICE            (0x00000002)
#define CM_GETIDLIST_FILTER_EJECTRELATIONS     (0x00000004)
#define CM_GETIDLIST_FILTER_REMOVALRELATIONS   (0x00000008)
#define CM_GETIDLIST_FILTER_POWERRELATIONS     (0x00000010)
#define CM_GETIDLIST_FILTER_BUSRELATIONS       (0x00000020)
#define CM_GETIDLIST_DONOTGENERATE             (0x10000040)
#define CM_GETIDLIST_FILTER_BITS               (0x100003FF)
#define CM_GETIDLIST_FILTER_TRANSPORTRELATIONS (0x00000080)
#define CM_GETIDLIST_FILTER_PRESENT            (0x00000100)
#define CM_GETIDLIST_FILTER_CLASS              (0x00000200)

/* ---- CM_Get_Device_Interface_List ---- */
#define CM_GET_DEVICE_INTERFACE_LIST_PRESENT     (0x00000000)
#define CM_GET_DEVICE_INTERFACE_LIST_ALL_DEVICES (0x00000001)
#define CM_GET_DEVICE_INTERFACE_LIST_BITS        (0x00000001)

/* ---- properties of devices (CM_DRP) and classes (CM_CRP) ---- */
#define CM_DRP_DEVICEDESC                  (0x00000001)
#define CM_DRP_HARDWAREID                  (0x00000002)
#define CM_DRP_COMPATIBLEIDS               (0x00000003)
#define CM_DRP_UNUSED0                     (0x00000004)
#define CM_DRP_SERVICE                     (0x00000005)
#define CM_DRP_UNUSED1                     (0x00000006)
#define CM_DRP_UNUSED2                     (0x00000007)
#define CM_DRP_CLASS                       (0x00000008)
#define CM_DRP_CLASSGUID                   (0x00000009)
#define CM_DRP_DRIVER                      (0x0000000A)
#define CM_DRP_CONFIGFLAGS                 (0x0000000B)
#define CM_DRP_MFG                         (0x0000000C)
#define CM_DRP_FRIENDLYNAME                (0x0000000D)
#define CM_DRP_LOCATION_INFORMATION        (0x0000000E)
#define CM_DRP_PHYSICAL_DEVICE_OBJECT_NAME (0x0000000F)
#define CM_DRP_CAPABILITIES                (0x00000010)
#define CM_DRP_UI_NUMBER                   (0x00000011)
#define CM_DRP_UPPERFILTERS                (0x00000012)
#define CM_CRP_UPPERFILTERS                CM_DRP_UPPERFILTERS
#define CM_DRP_LOWERFILTERS                (0x00000013)
#define CM_CRP_LOWERFILTERS                CM_DRP_LOWERFILTERS
#define CM_DRP_BUSTYPEGUID                 (0x00000014)
#define CM_DRP_LEGACYBUSTYPE               (0x00000015)
#define CM_DRP_BUSNUMBER                   (0x00000016)
#define CM_DRP_ENUMERATOR_NAME             (0x00000017)
#define CM_DRP_SECURITY                    (0x00000018)
#define CM_CRP_SECURITY                    CM_DRP_SECURITY
#define CM_DRP_SECURITY_SDS                (0x00000019)
#define CM_CRP_SECURITY_SDS                CM_DRP_SECURITY_SDS
#define CM_DRP_DEVTYPE                     (0x0000001A)
#define CM_CRP_DEVTYPE                     CM_DRP_DEVTYPE
#define CM_DRP_EXCLUSIVE                   (0x0000001B)
#define CM_CRP_EXCLUSIVE                   CM_DRP_EXCLUSIVE
#define CM_DRP_CHARACTERISTICS             (0x0000001C)
#define CM_CRP_CHARACTERISTICS             CM_DRP_CHARACTERISTICS
#define CM_DRP_ADDRESS                     (0x0000001D)
#define CM_DRP_UI_NUMBER_DESC_FORMAT       (0x0000001E)
#define CM_DRP_DEVICE_POWER_DATA           (0x0000001F)
#define CM_DRP_REMOVAL_POLICY              (0x00000020)
#define CM_DRP_REMOVAL_POLICY_HW_DEFAULT   (0x00000021)
#define CM_DRP_REMOVAL_POLICY_OVERRIDE     (0x00000022)
#define CM_DRP_INSTALL_STATE               (0x00000023)
#define CM_DRP_LOCATION_PATHS              (0x00000024)
#define CM_DRP_BASE_CONTAINERID            (0x00000025)

#define CM_DRP_MIN (0x00000001)
#define CM_CRP_MIN CM_DRP_MIN
#define CM_DRP_MAX (0x00000025)
#define CM_CRP_MAX CM_DRP_MAX

/* ---- capabilities ---- */
#define CM_DEVCAP_LOCKSUPPORTED     (0x00000001)
#define CM_DEVCAP_EJECTSUPPORTED    (0x00000002)
#define CM_DEVCAP_REMOVABLE         (0x00000004)
#define CM_DEVCAP_DOCKDEVICE        (0x00000008)
#define CM_DEVCAP_UNIQUEID          (0x00000010)
#define CM_DEVCAP_SILENTINSTALL     (0x00000020)
#define CM_DEVCAP_RAWDEVICEOK       (0x00000040)
#define CM_DEVCAP_SURPRISEREMOVALOK (0x00000080)
#define CM_DEVCAP_HARDWAREDISABLED  (0x00000100)
#define CM_DEVCAP_NONDYNAMIC        (0x00000200)
#define CM_DEVCAP_SECUREDEVICE      (0x00000400)

#define CM_REMOVAL_POLICY_EXPECT_NO_REMOVAL       1
#define CM_REMOVAL_POLICY_EXPECT_ORDERLY_REMOVAL  2
#define CM_REMOVAL_POLICY_EXPECT_SURPRISE_REMOVAL 3
#define CM_INSTALL_STATE_INSTALLED                0
#define CM_INSTALL_STATE_NEEDS_REINSTALL          1
#define CM_INSTALL_STATE_FAILED_INSTALL           2
#define CM_INSTALL_STATE_FINISH_INSTALL           3

/* ---- CM_Locate_DevNode ---- */
#define CM_LOCATE_DEVNODE_NORMAL       0x00000000
#define CM_LOCATE_DEVNODE_PHANTOM      0x00000001
#define CM_LOCATE_DEVNODE_CANCELREMOVE 0x00000002
#define CM_LOCATE_DEVNODE_NOVALIDATION 0x00000004
#define CM_LOCATE_DEVNODE_BITS         0x00000007
#define CM_LOCATE_DEVINST_NORMAL       CM_LOCATE_DEVNODE_NORMAL
#define CM_LOCATE_DEVINST_PHANTOM      CM_LOCATE_DEVNODE_PHANTOM
#define CM_LOCATE_DEVINST_CANCELREMOVE CM_LOCATE_DEVNODE_CANCELREMOVE
#define CM_LOCATE_DEVINST_NOVALIDATION CM_LOCATE_DEVNODE_NOVALIDATION
#define CM_LOCATE_DEVINST_BITS         CM_LOCATE_DEVNODE_BITS

/* ---- CM_Query_And_Remove_SubTree ---- */
#define CM_REMOVE_UI_OK           0x00000000
#define CM_REMOVE_UI_NOT_OK       0x00000001
#define CM_REMOVE_NO_RESTART      0x00000002
#define CM_REMOVE_BITS            0x00000003
#define CM_QUERY_REMOVE_UI_OK     (CM_REMOVE_UI_OK)
#define CM_QUERY_REMOVE_UI_NOT_OK (CM_REMOVE_UI_NOT_OK)
#define CM_QUERY_REMOVE_BITS      (CM_QUERY_REMOVE_UI_OK | CM_QUERY_REMOVE_UI_NOT_OK)

/* ---- CM_Reenumerate_DevNode ---- */
#define CM_REENUMERATE_NORMAL             0x00000000
#define CM_REENUMERATE_SYNCHRONOUS        0x00000001
#define CM_REENUMERATE_RETRY_INSTALLATION 0x00000002
#define CM_REENUMERATE_ASYNCHRONOUS       0x00000004
#define CM_REENUMERATE_BITS               0x00000007

/* ---- keys ---- */
#define RegDisposition_OpenAlways      (0x00000000)
#define RegDisposition_OpenExisting    (0x00000001)
#define RegDisposition_Bits            (0x00000001)
#define CM_ENUMERATE_CLASSES_INSTALLER (0x00000000)
#define CM_ENUMERATE_CLASSES_INTERFACE (0x00000001)
#define CM_ENUMERATE_CLASSES_BITS      (0x00000001)
#define CM_OPEN_CLASS_KEY_INSTALLER    (0x00000000)
#define CM_OPEN_CLASS_KEY_INTERFACE    (0x00000001)
#define CM_OPEN_CLASS_KEY_BITS         (0x00000001)
#define CM_REGISTRY_HARDWARE           (0x00000000)
#define CM_REGISTRY_SOFTWARE           (0x00000001)
#define CM_REGISTRY_USER               (0x00000100)
#define CM_REGISTRY_CONFIG             (0x00000200)
#define CM_REGISTRY_BITS               (0x00000301)
#define CM_CLASS_PROPERTY_INSTALLER    (0x00000000)
#define CM_CLASS_PROPERTY_INTERFACE    (0x00000001)
#define CM_CLASS_PROPERTY_BITS         (0x00000001)

/* ---- CM_Setup_DevNode ---- */
#define CM_SETUP_DEVNODE_READY             (0x00000000)
#define CM_SETUP_DEVINST_READY             CM_SETUP_DEVNODE_READY
#define CM_SETUP_DOWNLOAD                  (0x00000001)
#define CM_SETUP_WRITE_LOG_CONFS           (0x00000002)
#define CM_SETUP_PROP_CHANGE               (0x00000003)
#define CM_SETUP_DEVNODE_RESET             (0x00000004)
#define CM_SETUP_DEVINST_RESET             CM_SETUP_DEVNODE_RESET
#define CM_SETUP_DEVNODE_CONFIG            (0x00000005)
#define CM_SETUP_DEVINST_CONFIG            CM_SETUP_DEVNODE_CONFIG
#define CM_SETUP_DEVNODE_CONFIG_CLASS      (0x00000006)
#define CM_SETUP_DEVINST_CONFIG_CLASS      CM_SETUP_DEVNODE_CONFIG_CLASS
#define CM_SETUP_DEVNODE_CONFIG_EXTENSIONS (0x00000007)
#define CM_SETUP_DEVINST_CONFIG_EXTENSIONS CM_SETUP_DEVNODE_CONFIG_EXTENSIONS
#define CM_SETUP_DEVNODE_CONFIG_RESET      (0x00000008)
#define CM_SETUP_DEVINST_CONFIG_RESET      CM_SETUP_DEVNODE_CONFIG_RESET
#define CM_SETUP_BITS                      (0x00000007)

/*
 * The Win32 code of an answer; Default for one that has none of its own.
 */
CMAPI DWORD WINAPI CM_MapCrToWin32Err(CONFIGRET CmReturnCode, DWORD DefaultErr);

/* ---- who is there ---- */

/*
 * The device of that instance ID; NULL or empty: the root of the tree. NORMAL: it must be there and
 * not on its way out (CR_NO_SUCH_DEVNODE). PHANTOM: its key is enough. CR_INVALID_DEVICE_ID: no
 * such text can be an instance ID.
 */
CMAPI CONFIGRET WINAPI CM_Locate_DevNodeW(PDEVINST DevInst, DEVINSTID_W DeviceId, ULONG Flags);
CMAPI CONFIGRET WINAPI CM_Locate_DevNodeA(PDEVINST DevInst, DEVINSTID_A DeviceId, ULONG Flags);
/* Relatives in the tree, of those that are there; CR_NO_SUCH_DEVNODE: it has none. Flags 0. */
CMAPI CONFIGRET WINAPI CM_Get_Parent(PDEVINST Parent, DEVINST DevInst, ULONG Flags);
CMAPI CONFIGRET WINAPI CM_Get_Child(PDEVINST Child, DEVINST DevInst, ULONG Flags);
CMAPI CONFIGRET WINAPI CM_Get_Sibling(PDEVINST Sibling, DEVINST DevInst, ULONG Flags);
/* The instance ID; CR_BUFFER_SMALL: Length characters hold it not (what fits is copied, without a
 * zero). The size is without the terminating zero. */
CMAPI CONFIGRET WINAPI CM_Get_Device_IDW(DEVINST DevInst, PWSTR Buffer, ULONG Length, ULONG Flags);
CMAPI CONFIGRET WINAPI CM_Get_Device_IDA(DEVINST DevInst, PSTR Buffer, ULONG Length, ULONG Flags);
CMAPI CONFIGRET WINAPI CM_Get_Device_ID_Size(PULONG Length, DEVINST DevInst, ULONG Flags);
/*
 * Instance IDs, double terminated: all; of an enumerator, or of a device ID (L"Root\\SAMPLE"); of a
 * service; of a class ({guid}); or the relations of a device. With PRESENT only those that are
 * there; relations always are. The size is with both zeros. CR_BUFFER_SMALL.
 */
CMAPI CONFIGRET WINAPI CM_Get_Device_ID_ListW(PCWSTR Filter, PWCHAR Buffer, ULONG Length,
                                              ULONG Flags);
CMAPI CONFIGRET WINAPI CM_Get_Device_ID_ListA(PCSTR Filter, PCHAR Buffer, ULONG Length,
                                              ULONG Flags);
CMAPI CONFIGRET WINAPI CM_Get_Device_ID_List_SizeW(PULONG Length, PCWSTR Filter, ULONG Flags);
CMAPI CONFIGRET WINAPI CM_Get_Device_ID_List_SizeA(PULONG Length, PCSTR Filter, ULONG Flags);

/* ---- what it is ---- */

/* DN_* and, with DN_HAS_PROBLEM, CM_PROB_*. CR_NO_SUCH_DEVNODE: a phantom. */
CMAPI CONFIGRET WINAPI CM_Get_DevNode_Status(PULONG Status, PULONG ProblemNumber, DEVINST DevInst,
                                             ULONG Flags);
/*
 * CM_DRP_*. *Length in bytes goes in as the buffer's size and comes out as the value's; DataType
 * may be NULL. CR_BUFFER_SMALL, CR_NO_SUCH_VALUE, CR_INVALID_PROPERTY. A phantom has those that the
 * registry holds.
 */
CMAPI CONFIGRET WINAPI CM_Get_DevNode_Registry_PropertyW(DEVINST DevInst, ULONG Property,
                                                         PULONG DataType, PVOID Buffer,
                                                         PULONG Length, ULONG Flags);
CMAPI CONFIGRET WINAPI CM_Get_DevNode_Registry_PropertyA(DEVINST DevInst, ULONG Property,
                                                         PULONG DataType, PVOID Buffer,
                                                         PULONG Length, ULONG Flags);
/* Buffer NULL with Length 0 takes the value away. CR_INVALID_PROPERTY: it is no one's to set;
 * CR_INVALID_DATA: not of the property's form. Drivers and filters count from the next start. */
CMAPI CONFIGRET WINAPI CM_Set_DevNode_Registry_PropertyW(DEVINST DevInst, ULONG Property,
                                                         PCVOID Buffer, ULONG Length, ULONG Flags);
CMAPI CONFIGRET WINAPI CM_Set_DevNode_Registry_PropertyA(DEVINST DevInst, ULONG Property,
                                                         PCVOID Buffer, ULONG Length, ULONG Flags);
/* The same by DEVPKEY_*; sizes in bytes. CR_NO_SUCH_VALUE, CR_BUFFER_SMALL. */
CMAPI CONFIGRET WINAPI CM_Get_DevNode_PropertyW(DEVINST DevInst, const DEVPROPKEY *PropertyKey,
                                                DEVPROPTYPE *PropertyType, PBYTE Buffer,
                                                PULONG BufferSize, ULONG Flags);
/* DEVPROP_TYPE_EMPTY with nothing takes it away. CR_INVALID_PROPERTY: the system's own. */
CMAPI CONFIGRET WINAPI CM_Set_DevNode_PropertyW(DEVINST DevInst, const DEVPROPKEY *PropertyKey,
                                                DEVPROPTYPE PropertyType, const BYTE *Buffer,
                                                ULONG BufferSize, ULONG Flags);
/* The keys of all properties that the device has; *Count goes in as room, comes out as number. */
CMAPI CONFIGRET WINAPI CM_Get_DevNode_Property_Keys(DEVINST DevInst, DEVPROPKEY *Keys, PULONG Count,
                                                    ULONG Flags);
/* A value of a class's key; as for devices. CR_NO_SUCH_REGISTRY_KEY: no such class. Machine NULL.
 */
CMAPI CONFIGRET WINAPI CM_Get_Class_Registry_PropertyW(LPGUID ClassGuid, ULONG Property,
                                                       PULONG DataType, PVOID Buffer, PULONG Length,
                                                       ULONG Flags, HMACHINE Machine);
CMAPI CONFIGRET WINAPI CM_Set_Class_Registry_PropertyW(LPGUID ClassGuid, ULONG Property,
                                                       PCVOID Buffer, ULONG Length, ULONG Flags,
                                                       HMACHINE Machine);
/* The Index-th setup class; CR_NO_SUCH_VALUE: there are not so many. */
CMAPI CONFIGRET WINAPI CM_Enumerate_Classes(ULONG Index, LPGUID ClassGuid, ULONG Flags);
/*
 * The device's hardware key (Device Parameters), or its driver's (software) key; with CONFIG those
 * of the current hardware profile. RegDisposition_OpenAlways makes it. CloseHandle or RegCloseKey.
 * CR_NO_SUCH_REGISTRY_KEY, CR_NO_SUCH_VALUE: it has no driver.
 */
CMAPI CONFIGRET WINAPI CM_Open_DevNode_Key(DEVINST DevInst, REGSAM Access, ULONG HardwareProfile,
                                           REGDISPOSITION Disposition, PHKEY Key, ULONG Flags);
CMAPI CONFIGRET WINAPI CM_Delete_DevNode_Key(DEVNODE DevInst, ULONG HardwareProfile, ULONG Flags);

/* ---- interfaces ---- */

/* Names of interfaces of a class (and device, unless NULL or empty), double terminated, as
 * CreateFile takes them. ALL_DEVICES: also those that are not enabled. Sizes in characters with
 * both zeros. */
CMAPI CONFIGRET WINAPI CM_Get_Device_Interface_List_SizeW(PULONG Length, LPGUID InterfaceClass,
                                                          DEVINSTID_W DeviceId, ULONG Flags);
CMAPI CONFIGRET WINAPI CM_Get_Device_Interface_List_SizeA(PULONG Length, LPGUID InterfaceClass,
                                                          DEVINSTID_A DeviceId, ULONG Flags);
CMAPI CONFIGRET WINAPI CM_Get_Device_Interface_ListW(LPGUID InterfaceClass, DEVINSTID_W DeviceId,
                                                     PWCHAR Buffer, ULONG Length, ULONG Flags);
CMAPI CONFIGRET WINAPI CM_Get_Device_Interface_ListA(LPGUID InterfaceClass, DEVINSTID_A DeviceId,
                                                     PCHAR Buffer, ULONG Length, ULONG Flags);
/* DEVPKEY_DeviceInterface_*, and DEVPKEY_Device_InstanceId. CR_NO_SUCH_DEVICE_INTERFACE. */
CMAPI CONFIGRET WINAPI CM_Get_Device_Interface_PropertyW(LPCWSTR Interface,
                                                         const DEVPROPKEY *PropertyKey,
                                                         DEVPROPTYPE *PropertyType, PBYTE Buffer,
                                                         PULONG BufferSize, ULONG Flags);

/* ---- what is done to it ---- */

/*
 * Makes the Enum key of a root-enumerated device. PHANTOM | GENERATE_ID: DeviceId is a name, the
 * instance ID Root\\NAME\\NNNN is new; without GENERATE_ID it is the whole instance ID. Not
 * PHANTOM: the device is made as well, from the key where it is there. CR_ALREADY_SUCH_DEVNODE,
 * CR_INVALID_DEVICE_ID.
 */
CMAPI CONFIGRET WINAPI CM_Create_DevNodeW(PDEVINST DevInst, DEVINSTID_W DeviceId, DEVINST Parent,
                                          ULONG Flags);
CMAPI CONFIGRET WINAPI CM_Create_DevNodeA(PDEVINST DevInst, DEVINSTID_A DeviceId, DEVINST Parent,
                                          ULONG Flags);
/* Query-remove and remove; PERSIST: it stays so at the next start. CR_NOT_DISABLEABLE,
 * CR_REMOVE_VETOED. Enabling clears what disabling wrote. */
CMAPI CONFIGRET WINAPI CM_Disable_DevNode(DEVINST DevInst, ULONG Flags);
CMAPI CONFIGRET WINAPI CM_Enable_DevNode(DEVINST DevInst, ULONG Flags);
/*
 * Takes down the device and all below. CR_REMOVE_VETOED: somebody refused, VetoType and VetoName
 * (Length characters; both may be NULL) say who; nothing has changed then. With
 * CM_REMOVE_NO_RESTART it comes back by CM_Setup_DevNode only, else also when its bus is enumerated
 * again.
 */
CMAPI CONFIGRET WINAPI CM_Query_And_Remove_SubTreeW(DEVINST Ancestor, PPNP_VETO_TYPE VetoType,
                                                    LPWSTR VetoName, ULONG Length, ULONG Flags);
CMAPI CONFIGRET WINAPI CM_Query_And_Remove_SubTreeA(DEVINST Ancestor, PPNP_VETO_TYPE VetoType,
                                                    LPSTR VetoName, ULONG Length, ULONG Flags);
/* The same with the ejection relations, then the bus is told to eject. CR_INVALID_DEVNODE: the
 * device is none that can be ejected or removed. */
CMAPI CONFIGRET WINAPI CM_Request_Device_EjectW(DEVINST DevInst, PPNP_VETO_TYPE VetoType,
                                                LPWSTR VetoName, ULONG Length, ULONG Flags);
CMAPI CONFIGRET WINAPI CM_Request_Device_EjectA(DEVINST DevInst, PPNP_VETO_TYPE VetoType,
                                                LPSTR VetoName, ULONG Length, ULONG Flags);
/* Asks the device's driver for its children; SYNCHRONOUS and NORMAL wait, ASYNCHRONOUS does not.
 * RETRY_INSTALLATION: those that wait for a driver are looked at again. */
CMAPI CONFIGRET WINAPI CM_Reenumerate_DevNode(DEVINST DevInst, ULONG Flags);
/* READY: a device that has no drivers gets them; RESET, PROP_CHANGE: it is restarted. */
CMAPI CONFIGRET WINAPI CM_Setup_DevNode(DEVINST DevInst, ULONG Flags);
/* Takes the keys of a phantom away. CR_INVALID_DEVNODE: the device is there. */
CMAPI CONFIGRET WINAPI CM_Uninstall_DevNode(DEVNODE Phantom, ULONG Flags);

/* ---- being told ---- */

DECLARE_HANDLE(HCMNOTIFICATION);
typedef HCMNOTIFICATION *PHCMNOTIFICATION;

#define CM_NOTIFY_FILTER_FLAG_ALL_INTERFACE_CLASSES 0x00000001
#define CM_NOTIFY_FILTER_FLAG_ALL_DEVICE_INSTANCES  0x00000002
#define CM_NOTIFY_FILTER_VALID_FLAGS                                                               \
    (CM_NOTIFY_FILTER_FLAG_ALL_INTERFACE_CLASSES | CM_NOTIFY_FILTER_FLAG_ALL_DEVICE_INSTANCES)

typedef enum _CM_NOTIFY_FILTER_TYPE {
    CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE = 0,
    CM_NOTIFY_FILTER_TYPE_DEVICEHANDLE,
    CM_NOTIFY_FILTER_TYPE_DEVICEINSTANCE,
    CM_NOTIFY_FILTER_TYPE_MAX
} CM_NOTIFY_FILTER_TYPE,
    *PCM_NOTIFY_FILTER_TYPE;

typedef struct _CM_NOTIFY_FILTER {
    DWORD cbSize;
    DWORD Flags;
    CM_NOTIFY_FILTER_TYPE FilterType;
    DWORD Reserved;
    union {
        struct {
            GUID ClassGuid;
        } DeviceInterface;
        struct {
            HANDLE hTarget;
        } DeviceHandle;
        struct {
            WCHAR InstanceId[MAX_DEVICE_ID_LEN];
        } DeviceInstance;
    } u;
} CM_NOTIFY_FILTER, *PCM_NOTIFY_FILTER;

typedef enum _CM_NOTIFY_ACTION {
    CM_NOTIFY_ACTION_DEVICEINTERFACEARRIVAL = 0,
    CM_NOTIFY_ACTION_DEVICEINTERFACEREMOVAL,
    CM_NOTIFY_ACTION_DEVICEQUERYREMOVE,
    CM_NOTIFY_ACTION_DEVICEQUERYREMOVEFAILED,
    CM_NOTIFY_ACTION_DEVICEREMOVEPENDING,
    CM_NOTIFY_ACTION_DEVICEREMOVECOMPLETE,
    CM_NOTIFY_ACTION_DEVICECUSTOMEVENT,
    CM_NOTIFY_ACTION_DEVICEINSTANCEENUMERATED,
    CM_NOTIFY_ACTION_DEVICEINSTANCESTARTED,
    CM_NOTIFY_ACTION_DEVICEINSTANCEREMOVED,
    CM_NOTIFY_ACTION_MAX
} CM_NOTIFY_ACTION,
    *PCM_NOTIFY_ACTION;

typedef struct _CM_NOTIFY_EVENT_DATA {
    CM_NOTIFY_FILTER_TYPE FilterType;
    DWORD Reserved;
    union {
        struct {
            GUID ClassGuid;
            WCHAR SymbolicLink[ANYSIZE_ARRAY];
        } DeviceInterface;
        struct {
            GUID EventGuid;
            LONG NameOffset;
            DWORD DataSize;
            BYTE Data[ANYSIZE_ARRAY];
        } DeviceHandle;
        struct {
            WCHAR InstanceId[ANYSIZE_ARRAY];
        } DeviceInstance;
    } u;
} CM_NOTIFY_EVENT_DATA, *PCM_NOTIFY_EVENT_DATA;

/* Called on a thread of the registration's own. ERROR_SUCCESS; a query-remove is refused with
 * ERROR_CANCELLED. */
typedef DWORD(WINAPI *PCM_NOTIFY_CALLBACK)(HCMNOTIFICATION Notify, PVOID Context,
                                           CM_NOTIFY_ACTION Action, PCM_NOTIFY_EVENT_DATA EventData,
                                           DWORD EventDataSize);
/*
 * Interfaces of a class; the device behind an open handle (it is asked before it goes, and closes
 * the handle there); instances. While a callback for a query-remove runs, the PnP manager waits for
 * it (not longer than 30 s): it must not ask for changes of devices. CR_INVALID_DATA: the filter;
 * CR_INVALID_POINTER.
 */
CMAPI CONFIGRET WINAPI CM_Register_Notification(PCM_NOTIFY_FILTER Filter, PVOID Context,
                                                PCM_NOTIFY_CALLBACK Callback,
                                                PHCMNOTIFICATION Notify);
/* Returns when no callback runs any more; called in its own callback it does not wait for that. */
CMAPI CONFIGRET WINAPI CM_Unregister_Notification(HCMNOTIFICATION Notify);

#ifdef UNICODE
#define NTIO_CM_AW_(n) n##W
#else
#define NTIO_CM_AW_(n) n##A
#endif
#define CM_Locate_DevNode                 NTIO_CM_AW_(CM_Locate_DevNode)
#define CM_Get_Device_ID                  NTIO_CM_AW_(CM_Get_Device_ID)
#define CM_Get_Device_ID_List             NTIO_CM_AW_(CM_Get_Device_ID_List)
#define CM_Get_Device_ID_List_Size        NTIO_CM_AW_(CM_Get_Device_ID_List_Size)
#define CM_Get_DevNode_Registry_Property  NTIO_CM_AW_(CM_Get_DevNode_Registry_Property)
#define CM_Set_DevNode_Registry_Property  NTIO_CM_AW_(CM_Set_DevNode_Registry_Property)
#define CM_Get_Device_Interface_List      NTIO_CM_AW_(CM_Get_Device_Interface_List)
#define CM_Get_Device_Interface_List_Size NTIO_CM_AW_(CM_Get_Device_Interface_List_Size)
#define CM_Create_DevNode                 NTIO_CM_AW_(CM_Create_DevNode)
#define CM_Query_And_Remove_SubTree       NTIO_CM_AW_(CM_Query_And_Remove_SubTree)
#define CM_Request_Device_Eject           NTIO_CM_AW_(CM_Request_Device_Eject)
#ifdef UNICODE
#define CM_Get_DevNode_Property          CM_Get_DevNode_PropertyW
#define CM_Set_DevNode_Property          CM_Set_DevNode_PropertyW
#define CM_Get_Device_Interface_Property CM_Get_Device_Interface_PropertyW
#define CM_Get_Class_Registry_Property   CM_Get_Class_Registry_PropertyW
#define CM_Set_Class_Registry_Property   CM_Set_Class_Registry_PropertyW
#endif
/* The same under the other name of a device. */
#define CM_Locate_DevInst                CM_Locate_DevNode
#define CM_Get_DevInst_Status            CM_Get_DevNode_Status
#define CM_Get_DevInst_Registry_Property CM_Get_DevNode_Registry_Property
#define CM_Set_DevInst_Registry_Property CM_Set_DevNode_Registry_Property
#define CM_Create_DevInst                CM_Create_DevNode
#define CM_Disable_DevInst               CM_Disable_DevNode
#define CM_Enable_DevInst                CM_Enable_DevNode
#define CM_Reenumerate_DevInst           CM_Reenumerate_DevNode
#define CM_Setup_DevInst                 CM_Setup_DevNode
#define CM_Uninstall_DevInst             CM_Uninstall_DevNode
#define CM_Open_DevInst_Key              CM_Open_DevNode_Key
#define CM_Delete_DevInst_Key            CM_Delete_DevNode_Key

#ifdef __cplusplus
}
#endif
#endif
