"""What MNIST is published with."""

N_OF_LABEL = {  # training digits
    "0": 5923,
    "1": 6742,
    "2": 5958,
    "3": 6131,
    "4": 5842,
    "5": 5421,
    "6": 5918,
    "7": 6265,
    "8": 5851,
    "9": 5949,
}
