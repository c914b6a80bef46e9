! A model called from Fortran, through scriptkit.h:  fortran_example MODEL.pt2
! The model takes a matrix of 3 x 4 numbers and gives one. Fortran keeps columns together, the model rows: so the
! array is declared with its dimensions the other way round.
program fortran_example
  use, intrinsic :: iso_c_binding
  implicit none

  interface
    type(c_ptr) function scriptkit_load(path, device) bind(c)
      import :: c_ptr, c_char
      character(kind=c_char), intent(in) :: path(*)
      type(c_ptr), value :: device
    end function
    type(c_ptr) function scriptkit_values_new() bind(c)
      import :: c_ptr
    end function
    integer(c_int) function scriptkit_add_tensor(values, name, data, dtype, sizes, dimensions) bind(c)
      import :: c_ptr, c_int, c_int64_t
      type(c_ptr), value :: values, name, data
      integer(c_int), value :: dtype
      integer(c_int64_t), intent(in) :: sizes(*)
      integer(c_int64_t), value :: dimensions
    end function
    type(c_ptr) function scriptkit_call(model, method, arguments) bind(c)
      import :: c_ptr, c_char
      type(c_ptr), value :: model, arguments
      character(kind=c_char), intent(in) :: method(*)
    end function
    integer(c_int64_t) function scriptkit_get_sizes(values, place, sizes, room) bind(c)
      import :: c_ptr, c_int64_t
      type(c_ptr), value :: values
      integer(c_int64_t), value :: place, room
      integer(c_int64_t), intent(out) :: sizes(*)
    end function
    integer(c_int) function scriptkit_get_tensor(values, place, data, dtype, room) bind(c)
      import :: c_ptr, c_int, c_int64_t
      type(c_ptr), value :: values, data
      integer(c_int64_t), value :: place, room
      integer(c_int), value :: dtype
    end function
    type(c_ptr) function scriptkit_error() bind(c)
      import :: c_ptr
    end function
    integer(c_size_t) function strlen(text) bind(c)
      import :: c_ptr, c_size_t
      type(c_ptr), value :: text
    end function
    subroutine scriptkit_values_free(values) bind(c)
      import :: c_ptr
      type(c_ptr), value :: values
    end subroutine
    subroutine scriptkit_model_free(model) bind(c)
      import :: c_ptr
      type(c_ptr), value :: model
    end subroutine
  end interface

  integer(c_int), parameter :: float32 = 7
  integer, parameter :: rows = 3, columns = 4
  type(c_ptr) :: model, arguments, results
  real(c_float), target :: x(columns, rows)
  real(c_float), allocatable, target :: y(:)
  integer(c_int64_t) :: sizes(8), dimensions
  character(len=1024) :: path
  integer :: k

  call get_command_argument(1, path)
  x = reshape([(real(k, c_float) / 10, k = 0, rows * columns - 1)], [columns, rows])
  model = scriptkit_load(trim(path) // c_null_char, c_null_ptr)
  if (.not. c_associated(model)) call fail("load")
  arguments = scriptkit_values_new()
  if (scriptkit_add_tensor(arguments, c_null_ptr, c_loc(x), float32, &
      [int(rows, c_int64_t), int(columns, c_int64_t)], 2_c_int64_t) /= 0) call fail("arguments")
  results = scriptkit_call(model, "forward" // c_null_char, arguments)
  if (.not. c_associated(results)) call fail("call")
  dimensions = scriptkit_get_sizes(results, 0_c_int64_t, sizes, 8_c_int64_t)
  if (dimensions < 0) call fail("result")
  allocate (y(product(sizes(1:dimensions))))
  if (scriptkit_get_tensor(results, 0_c_int64_t, c_loc(y), float32, size(y, kind=c_int64_t)) /= 0) call fail("result")
  do k = 1, size(y)
    write (*, '(f0.6)') y(k)
  end do
  call scriptkit_values_free(results)
  call scriptkit_values_free(arguments)
  call scriptkit_model_free(model)

contains

  subroutine fail(what)
    character(len=*), intent(in) :: what
    character(kind=c_char), pointer :: text(:)
    type(c_ptr) :: message
    message = scriptkit_error()
    call c_f_pointer(message, text, [strlen(message)])
    write (*, *) what, ": ", text
    stop 1
  end subroutine

end program fortran_example
